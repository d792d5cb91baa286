// A TLS client: is a certificate trusted by the authorities of the system, and what
// becomes of a server that is not.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
)

func main() {
	text, err := os.ReadFile("/mnt/cert.pem")
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		panic(err)
	}
	chains, err := cert.Verify(x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	fmt.Println(len(chains), err)

	server := httptest.NewTLSServer(http.NotFoundHandler())
	_, err = http.Get(server.URL)
	fmt.Println(strings.ReplaceAll(err.Error(), server.URL, "URL"))
}
