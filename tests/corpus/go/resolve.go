// A resolver: hosts, services and a name that nobody knows.
package main

import (
	"fmt"
	"net"
)

func main() {
	addrs, err := net.LookupHost("localhost")
	fmt.Println(len(addrs) > 0, err)
	for _, name := range []string{"https", "imaps", "postgresql"} {
		port, err := net.LookupPort("tcp", name)
		fmt.Println(port, err)
	}
}
