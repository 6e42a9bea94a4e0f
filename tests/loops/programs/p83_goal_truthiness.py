"""`if self.goal:` with a float goal that may be 0.0"""

SHAPE = (2,)


class V:
    def __init__(self):
        self.goal = 0.0

    def step(self, obs):
        if not self.goal:
            self.goal = float(obs[0].clamp(-1, 1))
        else:
            self.goal *= 0.5
            if abs(self.goal) < 0.05:
                self.goal = 0.0
        return obs + self.goal


def make():
    return V()
