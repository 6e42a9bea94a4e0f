"""float timer accumulates 0.1, compared >= 0.3 and reset; float64 edges matter"""

SHAPE = (2,)


class T:
    def __init__(self):
        self.t = 0.0
        self.on = False

    def step(self, obs):
        self.t += 0.1
        if self.t >= 0.8:
            self.t = 0.0
            self.on = not self.on
        return obs * (2.0 if self.on else 0.5)


def make():
    return T()
