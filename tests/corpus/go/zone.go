// A converter of zones: the same moment in four places.
package main

import (
	"fmt"
	"time"
)

func main() {
	moment := time.Unix(1719835200, 0)
	for _, name := range []string{"Europe/Paris", "America/New_York", "Asia/Kolkata", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(moment.In(zone).Format(time.RFC1123Z))
	}
}
