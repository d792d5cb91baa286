// A look-up of users and groups.
package main

import (
	"fmt"
	"os/user"
)

func main() {
	for _, name := range []string{"root", "nobody", "nosuchuser"} {
		u, err := user.Lookup(name)
		if err != nil {
			// the C library words it by what the machine looks people up in
			fmt.Println("unknown:", name)
			continue
		}
		fmt.Println(u.Uid, u.Username)
	}
	g, err := user.LookupGroupId("0")
	fmt.Println(g, err)
	me, err := user.Current()
	fmt.Println(me.Uid, me.Username, err)
}
