"""How close a predicted volume is to the true one."""
