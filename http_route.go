package tenet

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"example.com/tenet/access"
	"example.com/tenet/usage/meter"
)

// Route is one kind of call that the edge lets through. The list of them is closed: a
// path that nobody thought about could read another tenant's files.
type Route struct {
	Method string // POST, for one
	Path   string // compared with the escaped path, byte for byte
	// Shape is how the answer tells its usage; of the zero Shape nothing is read, and
	// the units are unknown but for the one request.
	Shape meter.Shape
	// Form says that the body is multipart/form-data and the model a field of it.
	// Otherwise the body is a JSON object and the model a member of it.
	Form bool
	// AskUsage says that a stream tells its usage only where the member
	// stream_options.include_usage asks for it. Where the client did not, the gateway
	// does, and takes the event out again that tells it.
	AskUsage bool
}

// Routes lists the calls that are let through; a host adds others with
// HTTPOptions.Routes. The slice is a copy.
func Routes() []Route { return slices.Clone(routes) }

var routes = []Route{
	{Method: http.MethodPost, Path: "/v1/chat/completions", Shape: meter.Chat, AskUsage: true},
	{Method: http.MethodPost, Path: "/v1/completions", Shape: meter.Completions, AskUsage: true},
	{Method: http.MethodPost, Path: "/v1/responses", Shape: meter.Responses},
	{Method: http.MethodPost, Path: "/v1/embeddings", Shape: meter.Embeddings},
	{Method: http.MethodPost, Path: "/v1/images/generations", Shape: meter.Images},
	{Method: http.MethodPost, Path: "/v1/audio/speech", Shape: meter.Speech},
	{Method: http.MethodPost, Path: "/v1/audio/transcriptions", Shape: meter.Transcriptions, Form: true},
	{Method: http.MethodPost, Path: "/v1/audio/translations", Shape: meter.Transcriptions, Form: true},
	{Method: http.MethodPost, Path: "/v1/rerank", Shape: meter.Plain},
	{Method: http.MethodPost, Path: "/v1/moderations", Shape: meter.Plain},
}

// withRoutes is the table with a host's own rows. One that no request could match, or
// that would take another's place, is a *tenancy.FieldError.
func withRoutes(own []Route) ([]Route, error) {
	all := Routes()
	for _, r := range own {
		plain := (&url.URL{Path: r.Path}).EscapedPath() == r.Path && path.Clean(r.Path) == r.Path && path.IsAbs(r.Path)
		switch {
		case r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodPatch:
			return nil, option("HTTP.Routes", "of method POST, PUT or PATCH, which have a body")
		case !plain || r.Path == modelsPath || strings.HasPrefix(r.Path, modelsPath+"/"):
			return nil, option("HTTP.Routes", "of a plain absolute path that is not below /v1/models")
		case r.Shape != "" && !r.Shape.Known():
			return nil, option("HTTP.Routes", "of a shape that package meter has, or none")
		case slices.ContainsFunc(all, func(o Route) bool { return o.Method == r.Method && o.Path == r.Path }):
			return nil, option("HTTP.Routes", "of a method and path that are no other's")
		}
		all = append(all, r)
	}
	return all, nil
}

// modelsPath lists the models; below it stands each by its id.
const modelsPath = "/v1/models"

// callRoute returns the route of a call. Whatever is not byte for byte on the
// list is not a call: no other method, no trailing or doubled slash, no dot
// segment, no escape of a letter.
func (e *edge) callRoute(r *http.Request) (Route, bool) {
	path := r.URL.EscapedPath()
	for _, c := range e.routes {
		if c.Method == r.Method && c.Path == path {
			return c, true
		}
	}
	return Route{}, false
}

// modelsRoute reports whether r asks for the list of models or for one of them,
// whose id it returns decoded once. A slash in an id may be escaped or not.
func modelsRoute(r *http.Request) (id string, ok bool) {
	path := r.URL.EscapedPath()
	if r.Method != http.MethodGet {
		return "", false
	}
	if path == modelsPath {
		return "", true
	}
	escaped, below := strings.CutPrefix(path, modelsPath+"/")
	id, err := url.PathUnescape(escaped)
	return id, below && err == nil && id != ""
}

// requestIDHeader carries the id of the exchange, to the client and to next.
const requestIDHeader = "X-Request-Id"

// withheld are the request's headers that next never sees: credentials, what
// selects an organization or project at the upstream, what would change method,
// path, encoding or range behind the gateway's back or be answered from what another
// tenant sent, and what belongs to one connection. A name that ends in "-" stands for all that begin so. Names are
// lower case, and a header's "_" counts as "-", as it does in CGI and WSGI.
var withheld = []string{
	"authorization", "proxy-authorization", "cookie", "cookie2",
	"x-api-key", "api-key", "x-goog-api-key", "x-auth-token", "x-access-token",
	"ocp-apim-subscription-key", "x-functions-key", "x-amz-",

	"openai-organization", "openai-project", "x-goog-user-project",

	"x-portkey-", "helicone-", "x-litellm-", "cf-aig-", "x-bf-", "x-vercel-ai-gateway-",
	"x-openrouter-", "x-martian-", "x-kong-llm-",

	"x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url",
	"accept-encoding", "content-encoding", "content-length", "range", "if-range", "expect", "x-request-id",
	"idempotency-key", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",

	"connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings",
}

// sharedAccount are the answer's headers that tell a tenant about the account
// that all tenants share upstream: whose it is, its session and its limits.
var sharedAccount = []string{
	"openai-organization", "openai-project", "anthropic-organization-id",
	"set-cookie", "x-ratelimit-", "anthropic-ratelimit-",
}

// plainName is a header's name as the lists have it.
func plainName(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// listed reports whether a header's name is on a list.
func listed(list []string, name string) bool {
	name = plainName(name)
	return slices.ContainsFunc(list, func(entry string) bool {
		return name == entry || strings.HasSuffix(entry, "-") && strings.HasPrefix(name, entry)
	})
}

// forwarded are the headers that next gets, a copy of the caller's own: h without
// what is withheld, and without those that Connection names, which end here.
func (e *edge) forwarded(h http.Header) http.Header {
	hops := connectionTokens(h)
	out := make(http.Header, len(h))
	for name, values := range h {
		if listed(e.withheld, name) || slices.ContainsFunc(hops, equalFold(name)) {
			continue
		}
		out[name] = slices.Clone(values)
	}
	return out
}

// credential returns the request's key. It is there exactly once, over all places
// where it may be, or ok is false.
func (e *edge) credential(h http.Header) (token string, ok bool) {
	found := h.Values("Authorization")
	if len(found) > 1 {
		return "", false
	}
	for _, value := range found {
		if token, ok = bearer(value); !ok {
			return "", false
		}
	}
	for _, name := range e.Headers {
		if strings.EqualFold(name, "Authorization") {
			continue
		}
		for _, value := range h.Values(name) {
			if ok {
				return "", false
			}
			token, ok = value, true
		}
	}
	return token, ok
}

// bearer reads "Bearer <token>", the scheme in any case (RFC 9110, 11.1).
func bearer(value string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(value, " ")
	token = strings.TrimLeft(token, " ")
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// foreign refuses a request that asks for an organization or project at the
// upstream. Those of the key itself say nothing new and are let through; next
// sees neither.
func foreign(h http.Header, own access.Subject) *HTTPError {
	for _, ask := range []struct{ header, own, code string }{
		{"OpenAI-Organization", string(own.Org), "mismatched_organization"},
		{"OpenAI-Project", string(own.Project), "mismatched_project"},
	} {
		for _, value := range h.Values(ask.header) {
			if value != ask.own {
				return badRequest(http.StatusUnauthorized, ask.code,
					"This key belongs to project "+string(own.Project)+". Leave out the header "+ask.header+".")
			}
		}
	}
	return nil
}

// asksUpgrade reports whether the client wants to leave HTTP's requests and
// answers behind, where nothing could be metered.
func asksUpgrade(h http.Header) bool {
	return len(h.Values("Upgrade")) > 0 || slices.ContainsFunc(connectionTokens(h), equalFold("Upgrade"))
}

// connectionTokens are the names that the Connection headers list.
func connectionTokens(h http.Header) []string {
	tokens := strings.Split(strings.Join(h.Values("Connection"), ","), ",")
	for i, t := range tokens {
		tokens[i] = strings.TrimSpace(t)
	}
	return tokens
}

func equalFold(s string) func(string) bool {
	return func(t string) bool { return strings.EqualFold(s, t) }
}
