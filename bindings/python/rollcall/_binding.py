"""Loads the engine.

Its libraries look up a function when it is first called. To look up their thousands at once, as Python has it, makes
loading half as long again. A function that a library lacks, as no wheel has it, would end the process when it is
called.
"""

from __future__ import annotations

import os
import sys

_flags = sys.getdlopenflags()
sys.setdlopenflags(os.RTLD_LAZY)
try:
    from rollcall import _core as _core  # pylint: disable=useless-import-alias
finally:
    sys.setdlopenflags(_flags)
