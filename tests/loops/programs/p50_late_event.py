"""counter event only at step 60 (recording shows 40): warm phase ends"""

SHAPE = (2,)


class T:
    def __init__(self):
        self.k = 0

    def step(self, obs):
        self.k += 1
        if self.k > 60:
            return obs * 2.0
        return obs * 0.5


def make():
    return T()
