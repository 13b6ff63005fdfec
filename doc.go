// Package tenet gives a Go gateway in front of language models its tenancy:
// organizations, projects, roles, API keys, per-project model access, usage.
package tenet
