// A Go program, static as go builds it without cgo.  It serves one page when it
// is given an address.
//
//	scratchpack gohello -p 8080 -o gohello.tar -- :8080
package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
)

func page(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "Hello, %s\n", r.RemoteAddr)
}

func main() {
	fmt.Printf("Hello from Go on %s/%s.\n", runtime.GOOS, runtime.GOARCH)
	if len(os.Args) < 2 {
		return
	}
	http.HandleFunc("/", page)
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], nil))
	os.Exit(1)
}
