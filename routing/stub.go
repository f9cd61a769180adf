package routing

import "net/http"

type listener struct{}

func (t *Table) route(port int, r *http.Request) Decision { return Decision{Status: 404} }
