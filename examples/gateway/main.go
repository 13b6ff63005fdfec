// Command gateway is a reverse proxy for OpenAI-compatible upstreams that embeds
// Tenet: it lets a call in or refuses it, forwards it, and meters it.
//
//	go run ./examples/gateway                                   # a built-in upstream; prints keys and curl lines
//	go run ./examples/gateway -upstream https://api.example.com -upstream-key-env UPSTREAM_KEY
//	go run ./examples/gateway -access                           # who may do what, and which key calls what
//	go run ./examples/gateway -selftest                         # drives the whole story over HTTP
//
// It is an example of a host, and small for that: one organization, made at the
// first start; a login of signed tokens in place of the host's own (login.go);
// and a console of JSON in place of its pages (console.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
)

type config struct {
	listen      string
	data        string
	upstream    string // empty: the built-in one
	upstreamKey string
	options     tenet.Options                 // but for the peppers
	wrap        func(store.Store) store.Store // nil: as it is
}

func main() {
	var c config
	var keyEnv string
	var test, matrix bool
	flag.StringVar(&c.listen, "listen", "127.0.0.1:8080", "address to listen on")
	flag.StringVar(&c.data, "data", "gateway-data", "folder for the database, the pepper and the login key")
	flag.StringVar(&c.upstream, "upstream", "", "URL of an OpenAI-compatible upstream, without /v1 (default: a built-in one)")
	flag.StringVar(&keyEnv, "upstream-key-env", "", "environment variable that holds the upstream's API key")
	flag.BoolVar(&matrix, "access", false, "print who may do what and which key calls what, as tables, and exit")
	flag.BoolVar(&test, "selftest", false, "start on a free port with a temporary folder, drive the whole story over HTTP, and exit")
	flag.Parse()
	if keyEnv != "" {
		c.upstreamKey = os.Getenv(keyEnv)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := serve
	if matrix {
		run = func(ctx context.Context, c config) error { return printAccess(ctx, c, os.Stdout) }
	}
	if test {
		run = selftest
	}
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

// serve runs the gateway until the context ends.
func serve(ctx context.Context, c config) error {
	c.options.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	g, err := start(ctx, c)
	if err != nil {
		return err
	}
	g.welcome(os.Stdout)
	<-ctx.Done()
	return g.stop()
}

// gateway is a running gateway.
type gateway struct {
	config
	base     string // its URL
	store    *sqlitefile.Store
	tenet    *tenet.Tenet
	server   *http.Server
	upstream *http.Server // the built-in one; nil where there is another
	logins   logins
	first    *firstStart // nil where the folder was there already
}

// start opens everything in order; stop closes it in reverse.
func start(ctx context.Context, c config) (g *gateway, err error) {
	g = &gateway{config: c}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.stop())
		}
	}()
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return g, err
	}
	if err := g.open(ctx); err != nil {
		return g, err
	}
	target, err := g.startUpstream()
	if err != nil {
		return g, err
	}
	if err := g.setUp(ctx, target); err != nil {
		return g, err
	}
	g.server, g.base, err = listen(c.listen, g.handler(target))
	return g, err
}

// handler is the whole gateway. A ServeMux would tidy the paths of API calls up
// before Tenet compares them, so it has the console only.
func (g *gateway) handler(target *url.URL) http.Handler {
	console := http.NewServeMux()
	g.routeConsole(console)
	api := g.tenet.Handler(g.proxy(target))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/console/") || strings.HasPrefix(r.URL.Path, "/operator/") {
			console.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// open opens the store and Tenet over it.
func (g *gateway) open(ctx context.Context) (err error) {
	secret, err := secretFile(filepath.Join(g.data, "pepper"))
	if err != nil {
		return err
	}
	pepper, err := keys.NewPepper("file", secret)
	if err != nil {
		return err
	}
	if g.options.Peppers, err = keys.NewPeppers(pepper); err != nil {
		return err
	}
	if g.logins.key, err = secretFile(filepath.Join(g.data, "login.key")); err != nil {
		return err
	}
	if g.store, err = sqlitefile.Open(ctx, filepath.Join(g.data, "tenet.db")); err != nil {
		return err
	}
	g.options.Usage = g.store
	var st store.Store = g.store
	if g.wrap != nil {
		st = g.wrap(st)
	}
	g.tenet, err = tenet.Open(ctx, st, &g.options)
	return err
}

// stop ends everything that was started: no new requests, those under way
// finished, usage written, the store closed.
func (g *gateway) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	for _, s := range []*http.Server{g.server, g.upstream} {
		if s != nil {
			errs = append(errs, s.Shutdown(ctx))
		}
	}
	if g.tenet != nil {
		errs = append(errs, g.tenet.Close())
	}
	if g.store != nil {
		errs = append(errs, g.store.Close())
	}
	return errors.Join(errs...)
}

// proxy forwards what Tenet let in. Tenet has taken the client's credential out;
// the upstream's goes in here, and nowhere else.
func (g *gateway) proxy(target *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			if g.upstreamKey != "" {
				r.Out.Header.Set("Authorization", "Bearer "+g.upstreamKey)
			}
		},
		FlushInterval: -1, // streams go out as they come
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			tenet.WriteError(w, tenet.HTTPError{
				Status: http.StatusBadGateway, Type: "server_error", Code: "upstream_unreachable",
				Message: "The gateway cannot reach the model's provider. Try again later.",
			})
		},
	}
}

// startUpstream returns the upstream's URL, the built-in one's where no other is
// configured.
func (g *gateway) startUpstream() (*url.URL, error) {
	if g.config.upstream != "" {
		return url.Parse(g.config.upstream)
	}
	server, base, err := listen("127.0.0.1:0", builtIn())
	if err != nil {
		return nil, err
	}
	g.upstream = server
	return url.Parse(base)
}

// listen serves h on an address and returns its URL.
func listen(address string, h http.Handler) (*http.Server, string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // returns when the server is shut down
	return s, "http://" + l.Addr().String(), nil
}
