"""a number that starts as int 0 and becomes float; truthiness"""

SHAPE = (2,)


class V:
    def __init__(self):
        self.x = 0

    def step(self, obs):
        if obs[0] > 0.5:
            self.x = self.x + 0.5
        elif obs[0] < -1.0:
            self.x = 0
        y = 3 if self.x else -1
        return obs * self.x + y


def make():
    return V()
