"""while wrap with a speed read from the observation, several turns at once"""

SHAPE = (3,)


class V:
    def __init__(self):
        self.phase = 0.0

    def step(self, obs):
        self.phase += min(abs(obs[0].item()), 2.5)
        while self.phase >= 1.0:
            self.phase -= 1.0
        return obs * self.phase


def make():
    return V()
