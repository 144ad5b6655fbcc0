include(${CMAKE_SOURCE_DIR}/bench/rivals/rivals.cmake)

add_test(NAME bench.rivals
         COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/rivals_test.py
                 --rollcall-rivals $<TARGET_FILE:rollcall_rivals>)
