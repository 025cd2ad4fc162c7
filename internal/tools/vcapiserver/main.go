// Command vcapiserver answers the VC-API on this machine, in the name of an issuer that it makes up at each start, so that
// public conformance suites can be run: internal/vcapi/conformance/run.sh. It prints where it listens and who issues, as JSON
// on one line, and stops when it is interrupted.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/vcapi"
	"github.com/btlc/btlc/internal/verify"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "vcapiserver:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("vcapiserver", flag.ContinueOnError)
	files := resources{}
	flags.Var(files, "resource", "`URL=FILE`: what is at the URL of a related resource; may be given again")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	key, err := vcapi.NewKey()
	if err != nil {
		return err
	}
	certificate, err := selfSigned()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	base := "https://" + listener.Addr().String()
	server := &http.Server{
		Handler:           vcapi.Handler(vcapi.Options{Signer: key, Now: time.Now, BaseURL: base, Resource: files.get}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		// The suites speak https, and trust anybody.
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}},
	}
	if err := json.NewEncoder(out).Encode(map[string]string{"url": base, "issuer": vcapi.Issuer(key)}); err != nil {
		return err
	}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// resources are files by the URLs that they stand for.
type resources map[string]string

var _ flag.Value = resources{}
var _ verify.Resource = resources{}.get

func (r resources) String() string { return "" }

// Set adds one, written as URL=FILE.
func (r resources) Set(text string) error {
	at := strings.LastIndex(text, "=")
	if at < 1 {
		return errors.New("must be URL=FILE")
	}
	r[text[:at]] = text[at+1:]
	return nil
}

// get is what is at a URL: the file for it, or a context that this program has.
func (r resources) get(_ context.Context, url string) ([]byte, error) {
	if file, ok := r[url]; ok {
		return os.ReadFile(file)
	}
	return jsonld.Context(url)
}

// selfSigned is a certificate for this machine, of a key that is kept nowhere.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "vcapiserver"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
