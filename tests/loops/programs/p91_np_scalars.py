"""np.float32 / np.int64 scalars as state"""

import numpy as np

SHAPE = (3,)
NUMPY = True


class V:
    def __init__(self):
        self.t = np.float32(0.0)
        self.k = np.int64(0)

    def step(self, obs):
        self.t = self.t + np.float32(0.1)
        self.k += 1
        if self.t >= np.float32(1.0):
            self.t = np.float32(0.0)
        return obs * self.t + np.float32(self.k % 3)


def make():
    return V()
