"""memory dict: goal set on event, popped after use"""

SHAPE = (3,)


class V:
    def __init__(self):
        self.mem = {}

    def step(self, obs):
        if obs[0] > 1.0:
            self.mem["goal"] = obs.clone()
        g = self.mem.get("goal")
        if g is None:
            return obs * 0.1
        if obs[1] < -1.0:
            self.mem.pop("goal")
        return g - obs


def make():
    return V()
