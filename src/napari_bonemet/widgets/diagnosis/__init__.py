"""The Diagnosis dock: how probable a lesion is, week by week and in the futures, and where the network looked."""
