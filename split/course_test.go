package split_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// naive counts a prefix of answers one by one.
func naive(list []split.Answer) (versions map[string]int64, errors, unidentified int64) {
	versions = map[string]int64{}
	for _, a := range list {
		switch a.Outcome {
		case split.Hit:
			versions[a.Version]++
		case split.Error:
			errors++
		default:
			unidentified++
		}
	}
	return versions, errors, unidentified
}

func at(counts []int64, i int) int64 {
	if i < len(counts) {
		return counts[i]
	}
	return 0
}

// assertCourse compares every point with counting from the beginning.
func assertCourse(t *testing.T, list []split.Answer, course split.Course) {
	t.Helper()
	require.EqualValues(t, len(list), course.Answers)
	points := int(course.Answers / course.Stride)
	require.LessOrEqual(t, points, 198)
	require.Greater(t, 2*points+1, min(len(list), 198), "no coarser than it must be")
	for _, counts := range course.Versions {
		require.LessOrEqual(t, len(counts), points)
	}
	for i := range points {
		versions, errors, unidentified := naive(list[:int64(i+1)*course.Stride])
		require.Equal(t, errors, at(course.Errors, i))
		require.Equal(t, unidentified, at(course.Unidentified, i))
		for version := range course.Versions {
			require.Equal(t, versions[version], at(course.Versions[version], i), "%s at point %d", version, i)
		}
	}
}

func TestCourseIsThatOfCounting(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 1))
	for n := range 420 {
		list := answers(random, n+1, 5)
		assertCourse(t, list, tallied(list).Course)
	}
	list := answers(random, 300_000, 10)
	list[250_000].Version, list[250_000].Outcome = "late", split.Hit
	course := tallied(list).Course
	assert.EqualValues(t, 2048, course.Stride)
	assertCourse(t, list, course)
	assert.EqualValues(t, 0, course.Versions["late"][121])
	assert.EqualValues(t, 1, course.Versions["late"][122], "250,000 is before 123 · 2048")
}

func TestCourseStaysSmall(t *testing.T) {
	tally := &split.Tally{}
	versions := []string{"v1", "v2", "v3"}
	for n := range uint64(1 << 20) {
		tally.Add(hit(n, n/10, versions[n%3]))
		if n > 1000 && n%(1<<14) == 0 {
			assert.LessOrEqual(t, tally.Course.Answers/tally.Course.Stride, int64(198))
			for _, counts := range tally.Course.Versions {
				assert.LessOrEqual(t, cap(counts), 512)
			}
		}
	}
}

func TestCourseGoesOnAfterJSON(t *testing.T) {
	list := answers(rand.New(rand.NewPCG(12, 2)), 1000, 5)
	written, err := json.Marshal(tallied(list[:700]))
	require.NoError(t, err)
	var tally split.Tally
	require.NoError(t, json.NewDecoder(strings.NewReader(string(written))).Decode(&tally))
	for _, a := range list[700:] {
		tally.Add(a)
	}
	assertCourse(t, list, tally.Course)
}

// Tallies of two workers have no common order; one that is alone has its own.
func TestCourseOfMergedTallies(t *testing.T) {
	list := answers(rand.New(rand.NewPCG(12, 3)), 300, 5)
	for _, parts := range [][]*split.Tally{
		{{}, tallied(list)},
		{tallied(list), {}},
		{{}, {}, tallied(list), {}},
	} {
		sum := &split.Tally{}
		for _, part := range parts {
			sum.Merge(part)
		}
		assertCourse(t, list, sum.Course)
	}
	sum, other := tallied(list[:100]), tallied(list[100:])
	sum.Merge(other)
	assert.Equal(t, split.Course{Lost: true}, sum.Course)
	assertCourse(t, list[100:], other.Course)
	sum.Add(hit(300, 300, "v1"))
	assert.Equal(t, split.Course{Lost: true}, sum.Course, "a course of the rest would look like one of all")

	taken := &split.Tally{}
	taken.Merge(other)
	taken.Add(hit(300, 300, "v1"))
	assertCourse(t, list[100:], other.Course)
}
