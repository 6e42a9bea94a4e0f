"""max with key over joints; index remembered; last worst joint damped"""

SHAPE = (4,)


class D:
    def __init__(self):
        self.worst = 0

    def step(self, obs):
        vals = obs.tolist()
        i = max(range(4), key=lambda j: abs(vals[j]))
        if abs(vals[i]) > 1.5:
            self.worst = i
        out = obs.clone()
        out[self.worst] = 0.0
        return out


def make():
    return D()
