package split

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGraphsOfStepsAddUp(t *testing.T) {
	a := Node{ID: "default/a", Workload: "a", Namespace: "default"}
	b := Node{ID: "default/b", Workload: "b", Namespace: "default"}
	first := &Graph{Nodes: []Node{b, a}, Edges: []Edge{
		{From: a.ID, To: b.ID, Service: "b.default", Requests: 3, Errors: 1},
		{From: a.ID, To: b.ID, Service: "canary.default", Requests: 4, Mirrored: 2},
	}}
	second := &Graph{Nodes: []Node{a, b}, Edges: []Edge{
		{From: b.ID, To: a.ID, Service: "a.default", Requests: 5},
		{From: a.ID, To: b.ID, Service: "b.default", Requests: 10},
	}}
	assert.Equal(t, &Graph{Nodes: []Node{a, b}, Edges: []Edge{
		{From: a.ID, To: b.ID, Requests: 17, Errors: 1, Mirrored: 2},
		{From: b.ID, To: a.ID, Service: "a.default", Requests: 5},
	}}, SumOf([]*Graph{first, nil, second}))
	assert.EqualValues(t, 3, first.Edges[0].Requests, "the steps keep theirs")
	assert.Nil(t, SumOf([]*Graph{nil, nil}))
}
