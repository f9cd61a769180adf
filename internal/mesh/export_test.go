package mesh

import (
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

// EnterAgain is Enter with the draws of the first entry, for tests that compare
// what one sample came to under different circumstances.
func (m *Mesh) EnterAgain(via target.Via, load target.Load) (target.Entry, error) {
	entry, carries, err := m.enter(via, load, m.options.Seed)
	entry.Opener = loadgen.HTTP{RoundTripper: carries}
	return entry, err
}

// HostAttempts is how often a retry looks for a pod that was not tried yet.
const HostAttempts = hostAttempts
