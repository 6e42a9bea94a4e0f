"""rate limiter per joint in a loop with python floats"""

import numpy as np

SHAPE = (3,)
NUMPY = True


class Limit:
    def __init__(self):
        self.last = [0.0, 0.0, 0.0]

    def step(self, obs):
        out = np.zeros(3, dtype=np.float32)
        for i in range(3):
            d = obs[i] - self.last[i]
            if d > 0.1:
                d = 0.1
            if d < -0.1:
                d = -0.1
            self.last[i] = self.last[i] + d
            out[i] = self.last[i]
        return out


def make():
    return Limit()
