package differential

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// fewTables is how many tables are generated where nothing else is said.
	fewTables = 40
	// The whole suite is at least fullTables and fullRequests: what is called so
	// and is less has lost something on its way.
	fullTables, fullRequests = 200, 5000
)

// tablesWanted is the number of tables that the environment asks for.
func tablesWanted(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SPLITCHECK_DIFFERENTIAL_TABLES")
	if text == "" {
		return fewTables
	}
	tables, err := strconv.Atoi(text)
	require.NoError(t, err, "SPLITCHECK_DIFFERENTIAL_TABLES is a number of tables")
	return tables
}

// caseFiles are the hand-written cases, by name.
func caseFiles(t *testing.T) (names, files []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("testdata", func(file string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(file) == ".txtar" {
			files = append(files, file)
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".txtar"))
		}
		return err
	}))
	require.NotEmpty(t, files)
	return names, files
}

// A plan is how much the suite is about to ask.
type plan struct{ cases, caseRequests, tables, tableRequests int }

func planned(t *testing.T) plan {
	t.Helper()
	var p plan
	_, files := caseFiles(t)
	for _, file := range files {
		p.cases++
		for _, r := range readCase(t, file).requests {
			p.caseRequests += r.times
		}
	}
	for _, b := range batches(tablesWanted(t)) {
		p.tables += len(b.made)
		p.tableRequests += len(b.lines)
	}
	return p
}

// floors fail where a suite of nothing would pass, and where the whole suite is
// asked for and is not whole.
func (p plan) floors(t *testing.T, wanted int) {
	t.Helper()
	require.Positive(t, p.tables, "no table is generated, which compares nothing")
	require.Equal(t, wanted, p.tables)
	if wanted >= fullTables {
		require.GreaterOrEqual(t, p.tableRequests, fullRequests, "the whole suite asks this much")
	}
}

// TestPlanned prints what the suite will ask of a cluster, and needs none. With
// -v it is the first line that begins with "planned:".
func TestPlanned(t *testing.T) {
	p := planned(t)
	fmt.Printf("planned: %d cases with %d requests, %d tables with %d requests\n", p.cases, p.caseRequests, p.tables, p.tableRequests)
	p.floors(t, tablesWanted(t))
}

// The whole suite is as large as it is called, whatever this run asks for.
func TestTheWholeSuite(t *testing.T) {
	t.Setenv("SPLITCHECK_DIFFERENTIAL_TABLES", "220")
	p := planned(t)
	p.floors(t, 220)
	assert.GreaterOrEqual(t, p.tables, fullTables)
}
