//go:build e2e

package differential

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// shown is how many differences are written out.
const shown = 20

// TestGenerated compares random route tables, the same ones each time.
func TestGenerated(t *testing.T) {
	tables := tablesWanted(t)
	p := planned(t)
	fmt.Printf("planned: %d tables with %d requests\n", p.tables, p.tableRequests)
	p.floors(t, tables)
	c := connect(t)
	var compared plan
	different, answers := 0, tally{}
	for _, b := range batches(tables) {
		t.Run(fmt.Sprintf("%d-%d", b.first, b.first+len(b.made)-1), func(t *testing.T) {
			k := b.asCase(t)
			simulated := simulate(t, k, c.app)
			real := c.ask(t, k)
			require.Equal(t, real.refused, simulated.refused, "refused by one alone\n- cluster: %s\n+ simulated: %s", real.words, simulated.words)
			require.False(t, real.refused, "a table that is refused compares nothing: %s", real.words)
			compared.tables += len(b.made)
			for i, r := range k.requests {
				compared.tableRequests++
				answers.add(real.answers[i])
				if d := diff(real.answers[i], simulated.answers[i]); d != "" {
					different++
					if number := i / requestsOfTable; different <= shown {
						t.Errorf("%s (-cluster, +simulated)\n%s\nof table %d, %s:\n%s", r.line, d, b.first+number, b.made[number].kind, b.made[number].manifest)
					}
				}
			}
		})
	}
	t.Logf("%d tables and %d requests were compared, %d answers differ", compared.tables, compared.tableRequests, different)
	t.Logf("the cluster's answers: %s", answers)
	require.Zero(t, different)
	compared.floors(t, tables)
}
