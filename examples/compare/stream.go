package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ask is the body of a request, as far as it counts here.
type ask struct {
	Model         string        `json:"model"`
	Stream        bool          `json:"stream"`
	StreamOptions streamOptions `json:"stream_options"`
	MaxTokens     int           `json:"max_tokens"` // the number of events
	User          string        `json:"user"`       // names the gate
	Messages      []message     `json:"messages"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

const (
	chunk = `data: {"id":"chatcmpl-9","object":"chat.completion.chunk","created":1760000000,"model":"m","choices":[{"index":0,"delta":{"content":" word%d"},"finish_reason":null}]}` + "\n\n"
	usual = `data: {"id":"chatcmpl-9","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":%d}}` + "\n\ndata: [DONE]\n\n"
)

// upstream streams as many events as it is asked for, then usage. Through a gate each
// event waits until the client has the one before it, so that each goes alone through
// every hop, as at the pace of a model, and yet nobody rests.
type upstream struct {
	gates sync.Map // the user of a request to chan struct{}
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q ask
	body, err := io.ReadAll(r.Body) // to its end: else the answer may begin before the proxy has sent it all
	if err != nil || json.Unmarshal(body, &q) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var gate chan struct{}
	if g, found := u.gates.Load(q.User); found {
		gate = g.(chan struct{})
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for i := range q.MaxTokens {
		fmt.Fprintf(w, chunk, i)
		if out.Flush() != nil {
			return
		}
		if gate == nil {
			continue
		}
		select {
		case <-gate:
		case <-r.Context().Done():
			return
		}
	}
	fmt.Fprintf(w, usual, q.MaxTokens)
}

func proxyTo(address string) (*httputil.ReverseProxy, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Rewrite:       func(p *httputil.ProxyRequest) { p.SetURL(target) },
		FlushInterval: -1,
		Transport:     &http.Transport{MaxIdleConnsPerHost: streams, DisableCompression: true},
	}, nil
}

// caller asks a server for streams, as a client does that wants to know its usage.
type caller struct {
	base   string
	q      query
	to     *upstream
	client *http.Client
	seen   *atomic.Int64 // counts events; may be nil
}

// stream reads n events to their end, each by itself where gated, and returns when the
// first byte came.
func (c caller) stream(ctx context.Context, n int, gated bool) (first time.Duration, err error) {
	q := ask{Model: string(c.q.model), Stream: true, StreamOptions: streamOptions{true}, MaxTokens: n, Messages: []message{{"user", "Hello"}}}
	var gate chan struct{}
	if gated {
		gate = make(chan struct{}, 1)
		q.User = fmt.Sprintf("%p", gate)
		c.to.gates.Store(q.User, gate)
		defer c.to.gates.Delete(q.User)
	}
	body, err := json.Marshal(q)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/chat/completions", strings.NewReader(string(body)))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.q.token)
	began := time.Now()
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	from := bufio.NewReader(resp.Body)
	if _, err := from.Peek(1); err != nil {
		return 0, err
	}
	first = time.Since(began)
	return first, c.drain(from, gate, n)
}

// drain reads a stream of n events, and of the one that tells usage, to its end.
func (c caller) drain(from io.Reader, gate chan<- struct{}, n int) error {
	lines, seen, last := bufio.NewScanner(from), 0, ""
	for lines.Scan() {
		if lines.Text() == "" {
			continue
		}
		if seen, last = seen+1, lines.Text(); seen <= n && gate != nil {
			gate <- struct{}{}
		}
		if c.seen != nil {
			c.seen.Add(1)
		}
	}
	if lines.Err() != nil || seen != n+2 || last != "data: [DONE]" {
		return fmt.Errorf("a stream of %d events at %s ended after %d with %q: %w", n, c.base, seen, last, lines.Err())
	}
	return nil
}
