"""automatic gain: peak = max(peak * 0.95, |v|), output normalised"""

SHAPE = (3,)


class V:
    def __init__(self):
        self.peak = 1.0

    def step(self, obs):
        v = obs[0].item()
        self.peak = max(self.peak * 0.95, abs(v))
        g = 1.0 / self.peak if self.peak > 0.5 else 2.0
        return obs * g


def make():
    return V()
