package tenet

import (
	"net/http"
	"net/url"
	"strings"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage/meter"
)

// route is a row of the table of what is served. Every other request is 404.
type route struct {
	method string
	path   string // as escaped, compared byte for byte
	shape  meter.Shape
}

// routes are the calls that go on to the upstream: their model is in the body, and
// their units are read off the answer by its shape.
var routes = [...]route{
	{http.MethodPost, "/v1/chat/completions", meter.Chat},
	{http.MethodPost, "/v1/completions", meter.Completions},
	{http.MethodPost, "/v1/embeddings", meter.Embeddings},
}

// modelsPath is answered here, from the same decisions.
const modelsPath = "/v1/models"

// routeOf finds the row of a request; ok is false where there is none.
func routeOf(r *http.Request) (found route, ok bool) {
	for _, row := range routes {
		if row.method == r.Method && row.path == r.URL.EscapedPath() {
			return row, true
		}
	}
	return route{}, false
}

// modelAsked says whether a request is for the list of models, and for which one
// of it where it names one. The id is what follows, unescaped once.
func modelAsked(r *http.Request) (id tenancy.ModelID, ok bool) {
	if r.Method != http.MethodGet {
		return "", false
	}
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), modelsPath)
	if !ok || rest == "" {
		return "", ok
	}
	name, err := url.PathUnescape(strings.TrimPrefix(rest, "/"))
	if rest[0] != '/' || err != nil || name == "" {
		return "", false
	}
	return modelID(name), true
}

// credentialHeaders are never passed on, whatever they hold: the upstream's
// credential is the host's, and goes in behind this.
var credentialHeaders = [...]string{
	"Authorization", "Proxy-Authorization", "Cookie",
	"X-Api-Key", "Api-Key", "X-Goog-Api-Key", "X-Auth-Token",
}

// routingHeaders steer a vendor's own routing, tenancy or caching, by prefix in
// canonical form: they would let a client choose what this gateway decides.
var routingHeaders = [...]string{
	"Openai-Organization", "Openai-Project",
	"X-Portkey-", "Helicone-", "X-Litellm-", "Litellm-", "Cf-Aig-", "X-Bf-", "Anthropic-", "X-Amz-", "X-Ms-",
}

// clean takes out of a request's headers what is not to reach the upstream.
// Accept-Encoding goes too: a compressed answer cannot be metered.
func clean(h http.Header, keyHeaders []string) {
	for _, name := range credentialHeaders {
		h.Del(name)
	}
	for _, name := range keyHeaders {
		h.Del(name)
	}
	for name := range h {
		for _, prefix := range routingHeaders {
			if strings.HasPrefix(name, prefix) {
				delete(h, name)
			}
		}
	}
	for _, name := range []string{"Accept-Encoding", "X-Request-Id", "Expect", "Trailer"} {
		h.Del(name)
	}
}
