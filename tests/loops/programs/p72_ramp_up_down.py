"""ramp float up while enabled, down while not, latch at both ends by if"""

SHAPE = (3,)


class R:
    def __init__(self):
        self.a = 0.0
        self.enabled = False

    def step(self, obs):
        if obs[0] > 0.6:
            self.enabled = True
        if obs[0] < -0.6:
            self.enabled = False
        if self.enabled:
            self.a += 0.15
        else:
            self.a -= 0.3
        if self.a > 1:
            self.a = 1
        if self.a < 0:
            self.a = 0
        return self.a * obs


def make():
    return R()
