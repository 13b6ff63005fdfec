package tenet
type HTTPOptions struct{}
type edge struct{}
func newEdge(*HTTPOptions) *edge { return nil }
