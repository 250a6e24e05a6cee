"""pycograd.nn: recurrent cells and sequences, RWKV."""

from laws.row import normal, positive, row, unit

from pycograd import nn

x, h, c, xs = normal(2, 3), normal(2, 4), unit(2, 4), normal(2, 5, 3)


def of(parts):
    """The weights of a cell with so many parts: wx, wh, bx, bh."""
    n = 4 * parts
    return normal(3, n), unit(4, n), normal(n), unit(n)


rnn, gru, lstm = of(1), of(3), of(4)
NAMES = "mix_k mix_v mix_r log_decay bonus key value receptance output".split()
MIXING = (
    unit(3),
    positive(3),
    normal(3),
    unit(2),
    normal(2),
    normal(3, 2),
    unit(3, 2),
    positive(3, 2),
    unit(2, 3),
)
CHANNEL = unit(3), normal(3), normal(3, 4), unit(4, 3), positive(3, 3)


def time_mixing(x, *weights):
    return nn.rwkv_time_mixing(x, dict(zip(NAMES, weights, strict=True)))[0]


def two_steps(x, *weights):
    weights = dict(zip(NAMES, weights, strict=True))
    first, state = nn.rwkv_time_mixing_step(x[..., 0, :], weights)
    return first, *nn.rwkv_time_mixing_step(x[..., 1, :], weights, state)


def channel_mixing(x, *weights):
    return nn.rwkv_channel_mixing(
        x, dict(zip("mix_k mix_r key value receptance".split(), weights, strict=True))
    )


def resumed(k, v, decay, bonus, weight, mean):
    return nn.wkv(k, v, decay, bonus, (weight, mean))


def first_step(k, v, decay, bonus):
    return nn.wkv_step(k, v, decay, bonus)[0]


def cell(x, h, c, *weights):
    return nn.lstm_cell(x, (h, c), *weights)


def sequence(xs, h, c, *weights):
    return nn.lstm(xs, (h, c), *weights)


ROWS = [
    # ---- cells
    row(nn.rnn_cell, x, h, *rnn[:3]),
    row(nn.rnn_cell, x[0], h[0], *rnn[:2], call=lambda *xs: nn.rnn_cell(*xs, activation=nn.sigmoid)),
    row(nn.gru_cell, x, h, *gru),
    row(nn.gru_cell, x[0], h[0], *gru[:2]),
    row(nn.lstm_cell, x, h, c, *lstm[:3], call=cell),
    row(nn.lstm_cell, x[0], h[0], c[0], *lstm[:2], call=cell),
    # ---- sequences
    row(nn.rnn, xs, h, *rnn[:3]),
    row(nn.rnn, xs[0], h[0], *rnn[:2], call=lambda *xs: nn.rnn(*xs, activation=nn.sigmoid)[0]),
    row(nn.gru, xs, h, *gru),
    row(nn.gru, xs[0], *gru[:2], call=lambda xs, *w: nn.gru(xs, None, *w)[0]),
    row(nn.lstm, xs, h, c, *lstm[:3], call=sequence),
    row(nn.lstm, xs[0], *lstm[:2], call=lambda xs, *w: nn.lstm(xs, None, *w)[1]),
    row(nn.lstm, xs, h, c, *lstm[:2], call=lambda *xs: sequence(*xs)[0]),
    # ---- RWKV
    row(nn.wkv, normal(2, 5, 3), unit(2, 5, 3), positive(3), normal(3)),
    row(nn.wkv, normal(4, 3), unit(4, 3), positive(3), normal(3), unit(3), positive(3), call=resumed),
    row(nn.wkv_step, normal(2, 3), unit(2, 3), positive(3), normal(3), call=first_step),
    row(nn.rwkv_time_mixing, normal(2, 5, 3), *MIXING, call=time_mixing),
    row(nn.rwkv_time_mixing_step, normal(2, 2, 3), *MIXING, call=two_steps),
    row(nn.rwkv_channel_mixing, normal(2, 5, 3), *CHANNEL, call=channel_mixing),
]
