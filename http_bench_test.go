package tenet_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkHandlerStream compares streams through the handler with the same streams
// through the proxy alone, over loopback connections: one of each in turn, so that both
// see the same machine. An iteration is a pair. It reports the median over the pairs of
// the ratio of their times: whole/bare of all of a stream, first/bare up to its first
// byte.
func BenchmarkHandlerStream(b *testing.B) {
	const events = 2000
	event := "data: {\"id\":\"chatcmpl-9\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"m1\"," +
		"\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}],\"usage\":null}\n\n"
	delta := "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\"," +
		"\"output_index\":0,\"content_index\":0,\"delta\":\" word\",\"logprobs\":[],\"sequence_number\":7}\n\n"
	for _, bench := range []struct{ name, path, event, last, body string }{
		{"chat", "/v1/chat/completions", event, usageEvent + doneEvent, streamBody},
		{"chat asks for usage", "/v1/chat/completions", event, usageEvent + doneEvent, askingBody},
		{"responses", "/v1/responses", delta, "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":7}}}\n\n", streamBody},
	} {
		b.Run(bench.name, func(b *testing.B) {
			parts := append(slices.Repeat([]string{bench.event}, events), bench.last)
			g := newGateway(b, nil, streaming(parts...))
			origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				streaming(parts...)(w, r)
			}))
			b.Cleanup(origin.Close)
			proxy := proxyTo(b, origin.URL).(*httputil.ReverseProxy)
			bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).EnableFullDuplex() // else the answer may close a body that the proxy is still sending
				proxy.ServeHTTP(w, r)
			}))
			b.Cleanup(bare.Close)
			with := httptest.NewServer(g.Handler(proxy))
			b.Cleanup(with.Close)
			pull := func(base string) (first, whole time.Duration) {
				r := g.request(b, bench.body)
				r.URL.Host, r.URL.Path = strings.TrimPrefix(base, "http://"), bench.path
				began := time.Now()
				resp, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = resp.Body.Close() }()
				body := bufio.NewReader(resp.Body)
				if _, err = body.Peek(1); err != nil {
					b.Fatal(err)
				}
				first = time.Since(began)
				n, err := io.Copy(io.Discard, body)
				if err != nil || n < int64(events*len(bench.event)) {
					b.Fatal(fmt.Errorf("%d bytes: %w", n, err))
				}
				return first, time.Since(began)
			}
			var firsts, wholes []float64
			bases := []string{with.URL, bare.URL}
			for b.Loop() {
				took := map[string][2]time.Duration{}
				for _, base := range bases {
					first, whole := pull(base)
					took[base] = [2]time.Duration{first, whole}
				}
				slices.Reverse(bases)
				w, o := took[with.URL], took[bare.URL]
				firsts, wholes = append(firsts, float64(w[0])/float64(o[0])), append(wholes, float64(w[1])/float64(o[1]))
			}
			slices.Sort(firsts)
			slices.Sort(wholes)
			b.ReportMetric(firsts[len(firsts)/2], "first/bare")
			b.ReportMetric(wholes[len(wholes)/2], "whole/bare")
		})
	}
}
