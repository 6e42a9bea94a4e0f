"""`x and y or z`, walrus, chained comparison with floats"""

SHAPE = (3,)


class C:
    def __init__(self):
        self.v = 0.0
        self.boost = 0

    def step(self, obs):
        if (s := float(obs.norm())) > 3.0:
            self.boost = 4
        g = (self.boost and 2.0) or 1.0
        self.boost -= self.boost > 0
        if 0.5 < s <= 1.5:
            self.v += 0.1
        elif not s > 0.5:
            self.v = 0.0
        return obs * g + self.v


def make():
    return C()
