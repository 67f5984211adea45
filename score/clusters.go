package score

import (
	"hash/maphash"
	"iter"

	"surprisal"
)

// cluster is the exact sums of the rows that share a cluster key. There may be
// millions of them, so that it has no more than the rows need: mostly one class, or
// none, and nothing besides the cross entropy.
type cluster struct {
	key    clusterKey
	hash   uint32
	number uint32 // its place among the blocks
	of     int32  // the class of sum
	sum    surprisal.Cluster
	more   *moreCluster
}

// clusterKey is where the key of a cluster is kept.
type clusterKey struct{ block, at, size uint32 }

// ofNone is the class of sum before there are rows.
const ofNone = -2

// moreCluster is what most clusters do not have.
type moreCluster struct {
	classes []classCluster // further classes
	judged  *judgedCluster // nil where there are no labels
	soft    *softCluster   // nil but for label shares
}

type judgedCluster struct{ hit, brier surprisal.Cluster }

type softCluster struct{ labelEntropy, kl surprisal.Cluster }

// classCluster is the cross entropy of a cluster's rows of one class; class is −1
// for rows with label shares, and 0 where there are no labels.
type classCluster struct {
	class int32
	sum   surprisal.Cluster
}

// class is the sums of a class.
func (c *cluster) class(class int32) *surprisal.Cluster {
	switch c.of {
	case class:
		return &c.sum
	case ofNone:
		c.of = class
		return &c.sum
	}
	if c.more == nil {
		c.more = new(moreCluster)
	}
	m := c.more
	for i := range m.classes {
		if m.classes[i].class == class {
			return &m.classes[i].sum
		}
	}
	m.classes = append(m.classes, classCluster{class: class})
	return &m.classes[len(m.classes)-1].sum
}

// eachClass goes through the classes that have rows.
func (c *cluster) eachClass(do func(class int32, sum *surprisal.Cluster)) {
	if c.of != ofNone {
		do(c.of, &c.sum)
	}
	if c.more != nil {
		for i := range c.more.classes {
			do(c.more.classes[i].class, &c.more.classes[i].sum)
		}
	}
}

// all is the sums over all classes.
func (c *cluster) all() *surprisal.Cluster {
	if c.more == nil || len(c.more.classes) == 0 {
		return &c.sum
	}
	sum := new(surprisal.Cluster)
	c.eachClass(func(_ int32, part *surprisal.Cluster) { sum.Merge(part) })
	return sum
}

func (c *cluster) merge(o *cluster) {
	o.eachClass(func(class int32, sum *surprisal.Cluster) { c.class(class).Merge(sum) })
	if c.more == nil || o.more == nil {
		return
	}
	m := o.more
	if m.judged != nil {
		c.more.judged.hit.Merge(&m.judged.hit)
		c.more.judged.brier.Merge(&m.judged.brier)
	}
	if m.soft != nil {
		c.more.soft.labelEntropy.Merge(&m.soft.labelEntropy)
		c.more.soft.kl.Merge(&m.soft.kl)
	}
}

// clusters are the clusters by their keys. They lie in blocks that never move, and so
// do their keys, so that there is no more to them than their bytes, and little for a
// garbage collector to look at.
type clusters struct {
	table  []uint32 // 1 more than the number of a cluster, 0 for none; as long as a power of 2
	n      int      // in the table
	blocks [][]cluster
	keys   [][]byte

	// What rows count, tokens, words or bytes, of each cluster of a block, as many as
	// are counted.
	counts  [][]surprisal.Cluster
	counted int
	place   [len(perNames)]int // among those that are counted
}

// newClusters are clusters whose rows count some things.
func newClusters(counted [len(perNames)]bool) *clusters {
	s := new(clusters)
	for j, yes := range counted {
		if yes {
			s.place[j] = s.counted
			s.counted++
		}
	}
	return s
}

// per is the sums per token, word or byte of a cluster, which must be counted.
func (s *clusters) per(c *cluster, j int) *surprisal.Cluster {
	return &s.counts[c.number/clusterBlock][int(c.number%clusterBlock)*s.counted+s.place[j]]
}

const (
	clusterBlock = 1 << 10
	keyBlock     = 1 << 15
)

var clusterSeed = maphash.MakeSeed()

func (s *clusters) key(c *cluster) []byte {
	return s.keys[c.key.block][c.key.at:][:c.key.size]
}

func (s *clusters) cluster(number uint32) *cluster {
	return &s.blocks[number/clusterBlock][number%clusterBlock]
}

// find is the cluster of a key, nil if there is none.
func (s *clusters) find(key []byte, hash uint32) *cluster {
	if len(s.table) == 0 {
		return nil
	}
	mask := len(s.table) - 1
	for at := int(hash) & mask; s.table[at] != 0; at = (at + 1) & mask {
		if c := s.cluster(s.table[at] - 1); c.hash == hash && string(s.key(c)) == string(key) {
			return c
		}
	}
	return nil
}

// enter puts a cluster into the table, in which its key is not.
func (s *clusters) enter(hash, number uint32) {
	s.grow(s.n + 1)
	s.put(hash, number+1)
	s.n++
}

// grow makes the table long enough for n clusters.
func (s *clusters) grow(n int) {
	size := max(64, len(s.table))
	for 4*n > 3*size {
		size *= 2
	}
	if size == len(s.table) {
		return
	}
	old := s.table
	s.table = make([]uint32, size)
	for _, entry := range old {
		if entry != 0 {
			s.put(s.cluster(entry-1).hash, entry)
		}
	}
}

func (s *clusters) put(hash, entry uint32) {
	mask := len(s.table) - 1
	at := int(hash) & mask
	for s.table[at] != 0 {
		at = (at + 1) & mask
	}
	s.table[at] = entry
}

// of is the cluster of a key, and whether it is new.
func (s *clusters) of(key []byte) (c *cluster, isNew bool) {
	hash := uint32(maphash.Bytes(clusterSeed, key))
	if c = s.find(key, hash); c != nil {
		return c, false
	}
	last := len(s.blocks) - 1
	if last < 0 || len(s.blocks[last]) == clusterBlock {
		s.blocks = append(s.blocks, make([]cluster, 0, clusterBlock))
		s.counts = append(s.counts, make([]surprisal.Cluster, clusterBlock*s.counted))
		last++
	}
	number := uint32(last*clusterBlock + len(s.blocks[last]))
	block := append(s.blocks[last], cluster{key: s.keep(key), hash: hash, number: number, of: ofNone})
	s.blocks[last] = block
	s.enter(hash, number)
	return &block[len(block)-1], true
}

// keep copies a key.
func (s *clusters) keep(key []byte) clusterKey {
	last := len(s.keys) - 1
	if last < 0 || len(s.keys[last])+len(key) > cap(s.keys[last]) {
		s.keys = append(s.keys, make([]byte, 0, max(keyBlock, len(key))))
		last++
	}
	at := len(s.keys[last])
	s.keys[last] = append(s.keys[last], key...)
	return clusterKey{uint32(last), uint32(at), uint32(len(key))}
}

// merge takes over the clusters of o, and adds those that are there already.
func (s *clusters) merge(o *clusters) {
	blocks, keys := uint32(len(s.blocks)), uint32(len(s.keys))
	s.blocks, s.counts = append(s.blocks, o.blocks...), append(s.counts, o.counts...)
	s.keys = append(s.keys, o.keys...)
	// They come in the order of their hashes, which would fill a part of a shorter table.
	s.grow(s.n + o.n)
	for _, entry := range o.table {
		if entry == 0 {
			continue
		}
		c := o.cluster(entry - 1)
		if mine := s.find(o.key(c), c.hash); mine != nil {
			mine.merge(c)
			for j := range s.counted {
				s.counts[mine.number/clusterBlock][int(mine.number%clusterBlock)*s.counted+j].Merge(
					&o.counts[c.number/clusterBlock][int(c.number%clusterBlock)*s.counted+j])
			}
			continue
		}
		c.key.block += keys
		c.number += blocks * clusterBlock
		s.enter(c.hash, c.number)
	}
}

// has reports whether there is a cluster with a key.
func (s *clusters) has(key string) bool {
	return s != nil && s.find([]byte(key), uint32(maphash.String(clusterSeed, key))) != nil
}

// len is how many there are.
func (s *clusters) len() int64 {
	if s == nil {
		return 0
	}
	return int64(s.n)
}

// each goes through the clusters, in no order; nil without clusters.
func (s *clusters) each() iter.Seq[*cluster] {
	if s == nil {
		return nil
	}
	return func(yield func(*cluster) bool) {
		for _, entry := range s.table {
			if entry != 0 && !yield(s.cluster(entry-1)) {
				return
			}
		}
	}
}
