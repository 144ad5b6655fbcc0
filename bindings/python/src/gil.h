// Lets other threads of Python run while the engine works.
#pragma once

#include <Python.h>
#include <unistd.h>

namespace rollcall::python {

inline bool is_python_ending() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

// Gives the GIL up while it lives. Where Python has begun to end meanwhile, the thread stays in the
// destructor until the process ends: Python would end the thread by unwinding it, which destructors
// do not survive.
class GilRelease {
 public:
  GilRelease() : state_(PyEval_SaveThread()) {}
  ~GilRelease() {
    while (is_python_ending()) ::pause();
    PyEval_RestoreThread(state_);
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* const state_;
};

// Has the GIL while it lives, in a thread of the engine that calls back. It waits as GilRelease
// does where Python has begun to end.
class GilAcquire {
 public:
  GilAcquire() : state_(acquire()) {}
  ~GilAcquire() { PyGILState_Release(state_); }
  GilAcquire(const GilAcquire&) = delete;
  GilAcquire& operator=(const GilAcquire&) = delete;

 private:
  static PyGILState_STATE acquire() {
    while (is_python_ending()) ::pause();
    return PyGILState_Ensure();
  }

  const PyGILState_STATE state_;
};

}  // namespace rollcall::python
