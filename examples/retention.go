// This program counts who came back, from Go: it ingests a file, asks, and prints the answer.
package main

/*
#include <rollcall.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"os"
	"unsafe"
)

// text views a Go string as C does, by its first byte and its size.
func text(s string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}

// check ends the program if a call failed.
func check(code C.int32_t, err *C.rollcall_error) {
	if code != C.ROLLCALL_OK {
		fmt.Fprintln(os.Stderr, "retention:", C.GoString(C.rollcall_error_text(err, nil)))
		os.Exit(1)
	}
}

func main() {
	var engine *C.rollcall_engine
	var err *C.rollcall_error
	directory, size := text(os.Args[1])
	check(C.rollcall_open(directory, size, nil, 0, &engine, &err), err)
	defer C.rollcall_engine_free(engine)

	list, _ := json.Marshal(os.Args[2:])
	paths, size := text(string(list))
	check(C.rollcall_ingest_files(engine, paths, size, nil, 0, nil, nil, nil, &err), err)

	var answer *C.char
	question, size := text(`{"kind": "retention", "return_event": "login", "periods": 2}`)
	check(C.rollcall_query(engine, question, size, nil, 0, &answer, nil, &err), err)
	fmt.Println(C.GoString(answer))
	C.rollcall_free(answer)
	check(C.rollcall_close(engine, &err), err)
}
