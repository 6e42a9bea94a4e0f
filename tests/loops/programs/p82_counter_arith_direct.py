"""counter arithmetic multiplied onto tensors without torch.tensor"""

SHAPE = (2,)


class V:
    def __init__(self):
        self.k = 0

    def step(self, obs):
        self.k += 1
        return obs * (self.k // 3) + 0.9**self.k - (-self.k % 4) * 0.1


def make():
    return V()
