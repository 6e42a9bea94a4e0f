"""counter kept as class attribute via type(self), per-instance reset in make"""

SHAPE = (2,)


class K:
    count = 0

    def __init__(self):
        K.count = 0

    def step(self, obs):
        K.count += 1
        gain = 1.0 if K.count < 7 else 0.3
        return gain * obs


def make():
    return K()
