"""for-else over joints: first joint over limit gets clamped only, retry counter"""

SHAPE = (4,)


class Lim:
    def __init__(self):
        self.trips = 0
        self.scale = 1.0

    def step(self, obs):
        for i in range(4):
            if abs(obs[i]) > 1.5:
                self.trips += 1
                break
        else:
            self.trips = 0
        if self.trips > 2:
            self.scale = 0.5
        elif self.trips == 0:
            self.scale = min(1.0, self.scale + 0.1)
        return obs.clamp(-2, 2) * self.scale


def make():
    return Lim()
