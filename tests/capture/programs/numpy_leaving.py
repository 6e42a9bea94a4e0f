"""Values that leave NumPy arrays by ways that NumPy does not tell of, and are compared in Python."""

from __future__ import annotations

import math

import numpy as np

from tests.capture.case import refused

DECIDES = r"decides what is computed"


@refused(DECIDES, x=(1, 3))
def np_float32_anew(x):
    return x * 0 if np.float32(x.numpy()[0, 0]) > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_item(x):
    return x * 0 if x.numpy()[0, 0].item() > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_int_argmax(x):
    k = int((x.numpy()[0] > 15).argmax())
    return x * (k + 1)


@refused(DECIDES, x=(1, 3))
def np_bool_any(x):
    return x * 0 if bool((x.numpy() > 15).any()) else x * 2


@refused(DECIDES, x=(1, 3))
def np_tolist(x):
    a, _, _ = x.numpy()[0].tolist()
    return x * 0 if a > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_max_builtin(x):
    m = max(x.numpy()[0])
    return x * 0 if m > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_fstring(x):
    t = {"1": 0.0}
    return x * t.get(f"{x.numpy()[0, 0] > 15:d}", 2.0)


@refused(DECIDES, x=(1, 3))
def np_dict_key(x):
    t = {True: 0.0, False: 2.0}
    return x * t[bool(x.numpy()[0, 0] > 15)]


@refused(DECIDES, x=(1, 3))
def np_asarray_list(x):
    a = np.asarray([float(v) for v in x.numpy()[0]])
    return x * 0 if a[0] > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_int32_anew(x):
    return x * (1 + int(np.int32(x.numpy()[0, 0] / 15)))


@refused(DECIDES, x=(1, 3))
def np_dtype_call(x):
    a = x.numpy()
    return x * 0 if a.dtype.type(a[0, 0]) > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_math(x):
    return x * 0 if math.fabs(x.numpy()[0, 0]) > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_flatnonzero_size(x):
    i = np.flatnonzero(x.numpy()[0] > 15)
    return x * 0 if i.size > 0 else x * 2


@refused(DECIDES, x=(1, 3))
def np_tobytes(x):
    return x * 0 if b"\x01" in (x.numpy() > 15).tobytes() else x * 2


@refused(DECIDES, x=(1, 3))
def np_nditer(x):
    y = x * 2
    for v in np.nditer(x.numpy()):
        if v > 15:
            y = x * 0
    return y


@refused(DECIDES, x=(1, 3))
def np_flat(x):
    y = x * 2
    for v in x.numpy().flat:
        if v > 15:
            y = x * 0
    return y


@refused(DECIDES, x=(1, 3))
def np_ndenumerate(x):
    y = x * 2
    for _, v in np.ndenumerate(x.numpy()):
        if v > 15:
            y = x * 0
    return y


@refused(DECIDES, x=(1, 3))
def np_memoryview(x):
    return x * 0 if memoryview(x.numpy()[0])[0] > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_array2string(x):
    return x * 0 if "1" in np.array2string((x.numpy() > 15).astype(int)) else x * 2


@refused(DECIDES, x=(1, 3))
def np_str(x):
    return x * 0 if "True" in str(x.numpy() > 15) else x * 2


@refused(DECIDES, x=(1, 3))
def tensor_str(x):
    return x * 0 if "True" in str(x > 15) else x * 2


@refused(DECIDES + "|cannot be told", x=(1, 3))
def tensor_repr_f(x):
    return x * 0 if "True" in f"{x > 15}" else x * 2


@refused(DECIDES, x=(1, 3))
def np_digitize(x):
    k = np.digitize(x.numpy()[0, 0], [15.0])
    return x * [2.0, 0.0][k]


@refused(DECIDES, x=(1, 3))
def np_float16_anew(x):
    return x * 0 if np.float16(x.numpy()[0, 0]) > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_bool_anew(x):
    return x * 0 if np.bool_(x.numpy()[0, 0] > 15) else x * 2


@refused(DECIDES, x=(1, 3))
def np_float32_tensor_anew(x):
    return x * 0 if np.float32(x[0, 0]) > 15 else x * 2


@refused(DECIDES, x=(1, 3))
def np_float32_kept(x):
    d = dict(h=np.float32(x.numpy()[0, 0]))
    return x * 0 if d["h"] > 15 else x * 2


@refused(DECIDES, x=(1, 3))
class NpFloat32Attr:
    def __init__(self):
        self.h = np.float32(0)

    def step(self, x):
        y = x * 0 if self.h > 15 else x * 2
        self.h = np.float32(x.numpy()[0, 0])
        return y
