"""ConvLSTM and PredRNN, each against something that was worked out another way."""

from dataclasses import replace

import pytest

from napari_bonemet.forecast.compose import compose
from napari_bonemet.forecast.models.catalogue import build, options_for
from napari_bonemet.torch_import import import_torch

torch = import_torch()
NAMES = ("convlstm", "predrnn")


@pytest.fixture(params=NAMES)
def network(request):
    torch.manual_seed(2)
    return build(request.param, replace(options_for(request.param), hidden=8, layers=2, crop=32, size=32)).eval()


def weeks(count: int = 4):
    return torch.rand((3, count, 1, 32, 32), generator=torch.Generator().manual_seed(1))


def test_a_forecast_sees_the_weeks_before_it_and_none_after(network) -> None:
    seen = weeks()[:, :, 0]
    other = seen.clone()
    other[:, 2] = 0.5
    with torch.inference_mode():
        mine, theirs = network(seen), network(other)
    assert torch.allclose(mine[:, :2], theirs[:, :2], atol=1e-6)
    assert not torch.allclose(mine[:, 2], theirs[:, 2], atol=1e-4)
    assert not torch.allclose(mine[:, 3], theirs[:, 3], atol=1e-5)


def test_every_week_seen_counts(network) -> None:
    seen = weeks(3)
    for week in range(3):
        other = seen.clone()
        other[:, week] = 0.5
        with torch.inference_mode():
            mine, theirs = (network.see(each, torch.ones(3, 3)) for each in (seen, other))
        assert not torch.allclose(mine, theirs, atol=1e-5)


def test_what_is_trained_is_what_is_drawn(network) -> None:
    from napari_bonemet.forecast.training_options import TrainingOptions

    batch = weeks()
    with torch.inference_mode():
        maps = network(batch[:, :-1, 0])
        drawn = network.future(network.see(batch[:, :-1], torch.ones(3, 3)), network.noise((3, 1, 32, 32), None))
        assert torch.allclose(drawn[:, :, 0], maps[:, -1], atol=1e-6)
        terms = network.terms(batch, torch.ones(3, 3), TrainingOptions(edge_weight=0.0), 0.5)
        made = torch.stack([compose(maps[:, t, :, None], batch[:, t])[:, 0] for t in range(3)], 1)
    assert float(terms.loss) == pytest.approx(float(((made - batch[:, 1:, 0]) ** 2).mean()), rel=1e-5)
    assert float(terms.kl) == 0


def test_an_untrained_gate_is_nearly_shut(network) -> None:
    seen = weeks(3)
    with torch.inference_mode():
        drawn = compose(network.see(seen, torch.ones(3, 3)), seen[:, -1])
    assert (drawn - seen[:, -1]).abs().mean() < 0.2 * (0.5 - seen[:, -1]).abs().mean()


def _lstm(gates, bias):
    """torch's own LSTM with these weights; gates (4 x 5, 3 + 5) in the order taken, forgotten, new, shown."""
    lstm = torch.nn.LSTM(3, 5)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(gates[:, :3])
        lstm.weight_hh_l0.copy_(gates[:, 3:])
        lstm.bias_ih_l0.copy_(bias)
        lstm.bias_hh_l0.zero_()
    return lstm


def test_at_a_single_place_convlstm_is_an_lstm() -> None:
    from napari_bonemet.forecast.models.convlstm_network import ConvLstmCell, State

    torch.manual_seed(0)
    cell, x = ConvLstmCell(3, 5, 1), torch.randn(4, 2, 3)
    order = [*range(5), *range(5, 10), *range(15, 20), *range(10, 15)]
    lstm = _lstm(cell.gates.weight[order, :, 0, 0], cell.gates.bias[order])
    state = State(torch.zeros(2, 5, 1, 1), torch.zeros(2, 5, 1, 1))
    with torch.inference_mode():
        expected, (_, memory) = lstm(x)
        for now in x:
            state = cell(now[..., None, None], state)
        assert torch.allclose(state.hidden[..., 0, 0], expected[-1], atol=1e-6)
        assert torch.allclose(state.cell[..., 0, 0], memory[0], atol=1e-6)


def test_the_cell_is_seen_by_the_gates() -> None:
    """Equation 3: what is taken in and forgotten sees the cell before, what is shown the cell after."""
    from napari_bonemet.forecast.models.convlstm_network import ConvLstmCell, State

    cell = ConvLstmCell(1, 1, 1)
    with torch.no_grad():
        cell.gates.weight.zero_()
        cell.gates.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 1.0]))
        cell.peep.copy_(torch.tensor([0.3, -0.7, 2.0]).view(3, 1, 1, 1))
        made = cell(torch.zeros(1, 1, 1, 1), State(torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 1.5)))
    after = torch.sigmoid(torch.tensor(-1.05)) * 1.5 + torch.sigmoid(torch.tensor(0.45)) * torch.tanh(torch.tensor(1.0))
    assert float(made.cell) == pytest.approx(float(after), rel=1e-5)
    assert float(made.hidden) == pytest.approx(float(torch.sigmoid(2 * after) * torch.tanh(after)), rel=1e-5)


def test_the_cell_of_predrnn_is_that_of_an_lstm_and_its_memory_comes_from_below() -> None:
    from napari_bonemet.forecast.models.predrnn_network import StLstmCell

    torch.manual_seed(0)
    cell, x = StLstmCell(3, 5, 1), torch.randn(1, 2, 3)
    hidden, before, memory, other = torch.randn(4, 2, 5, 1, 1)
    # The fourth gate of both: what an LSTM shows tells nothing of its cell.
    wide = torch.cat([cell.by_input.weight[:15], cell.by_input.weight[30:]])[:, :, 0, 0]
    deep = cell.by_hidden.weight[:, :, 0, 0]
    bias = torch.cat([cell.by_input.bias[:15], cell.by_input.bias[30:]])
    lstm = _lstm(torch.cat([wide, deep], 1), bias)
    with torch.inference_mode():
        _, (_, expected) = lstm(x, (hidden[None, ..., 0, 0], before[None, ..., 0, 0]))
        shown, after, carried = cell(x[0, ..., None, None], hidden, before, memory)
        shown_too, after_too, carried_too = cell(x[0, ..., None, None], hidden, before, other)
    assert torch.allclose(after[..., 0, 0], expected[0], atol=1e-6)
    assert torch.equal(after, after_too)
    assert not torch.allclose(carried, carried_too)
    assert not torch.allclose(shown, shown_too)


def test_the_memory_of_the_top_layer_goes_to_the_bottom_of_the_next_week() -> None:
    torch.manual_seed(0)
    network = build("predrnn", replace(options_for("predrnn"), hidden=8, layers=2, crop=32, size=32)).eval()
    taken = []
    for layer in network.layers:
        layer.register_forward_hook(lambda _, given, made: taken.append((given[3], made[2])))
    with torch.inference_mode():
        network(weeks(2)[:, :, 0])
    (_, first), (second_in, second), (third_in, third), (fourth_in, _) = taken
    assert second_in is first
    assert third_in is second
    assert fourth_in is third
