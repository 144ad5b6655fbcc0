// Lets other threads of Python run while the engine works.
#pragma once

#include <Python.h>
#include <unistd.h>

namespace rollcall::python {

// Gives the GIL up while it lives. Where Python has begun to end meanwhile, the thread stays in the
// destructor until the process ends: Python would end the thread by unwinding it, which destructors
// do not survive.
class GilRelease {
 public:
  GilRelease() : state_(PyEval_SaveThread()) {}
  ~GilRelease() {
    while (is_finalizing()) ::pause();
    PyEval_RestoreThread(state_);
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  static bool is_finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
  }

  PyThreadState* const state_;
};

}  // namespace rollcall::python
