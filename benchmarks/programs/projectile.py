"""A projectile with drag, 200 steps on Python floats, by `math`."""

import math

ARGNUMS = (0, 1)
STEPS, DT, DRAG, GRAVITY = 200, 0.01, 0.02, 9.81
TARGET = 20.0


def f(angle, speed):
    x = y = 0.0
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    for _ in range(STEPS):
        v = math.sqrt(vx * vx + vy * vy)
        vx = vx - DT * DRAG * v * vx
        vy = vy - DT * (GRAVITY + DRAG * v * vy)
        x = x + DT * vx
        y = y + DT * vy
    return (x - TARGET) ** 2 + y**2


def inputs():
    return 0.8, 15.0


def by_hand(angle, speed):
    x = y = 0.0
    cos, sin = math.cos(angle), math.sin(angle)
    vx, vy = speed * cos, speed * sin
    trace = []
    k = DT * DRAG
    for _ in range(STEPS):
        v = math.sqrt(vx * vx + vy * vy)
        trace.append((vx, vy, v))
        vx, vy = vx - k * v * vx, vy - DT * GRAVITY - k * v * vy
        x += DT * vx
        y += DT * vy
    gx, gy = DT * 2 * (x - TARGET), DT * 2 * y
    gvx = gvy = 0.0
    for vx, vy, v in reversed(trace):
        gvx += gx
        gvy += gy
        gv = -k * (vx * gvx + vy * gvy) / v
        damp = 1 - k * v
        gvx, gvy = gvx * damp + gv * vx, gvy * damp + gv * vy
    value = (x - TARGET) ** 2 + y**2
    return [value, speed * (gvy * cos - gvx * sin), gvx * cos + gvy * sin]
