"""list of bools as votes over time, sum() of them decides"""

SHAPE = (3,)


class V:
    def __init__(self):
        self.votes = [False] * 5

    def step(self, obs):
        self.votes = self.votes[1:] + [bool(obs[0] > 0)]
        if sum(self.votes) >= 3:
            return obs * 2
        return obs * 0.5


def make():
    return V()
