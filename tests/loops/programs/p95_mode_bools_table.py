"""two booleans make the mode, gains from a nested dict of floats"""

SHAPE = (3,)

T = {(False, False): 0.1, (True, False): 0.5, (False, True): 1.0, (True, True): 2.0}


class V:
    def __init__(self):
        self.a = False
        self.b = False

    def step(self, obs):
        if obs[0] > 0.5:
            self.a = not self.a
        if obs[1] > 0.5:
            self.b = not self.b
        return obs * T[(self.a, self.b)]


def make():
    return V()
