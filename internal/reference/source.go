package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// source is a package as its declarations and their comments tell it.
type source struct {
	types    map[string]*ast.TypeSpec
	comments map[string]string // of types, constants and variables, each on one line
}

func readSource(root fs.FS, folder string) (*source, error) {
	files, err := fs.Glob(root, path.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	s := &source{types: map[string]*ast.TypeSpec{}, comments: map[string]string{}}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			if group, ok := declaration.(*ast.GenDecl); ok {
				s.add(group)
			}
		}
	}
	return s, nil
}

// add takes a declaration's names. One that stands alone has the comment of the declaration.
func (s *source) add(group *ast.GenDecl) {
	for _, spec := range group.Specs {
		switch d := spec.(type) {
		case *ast.TypeSpec:
			s.types[d.Name.Name] = d
			s.comments[d.Name.Name] = oneLine(d.Doc, group.Doc)
		case *ast.ValueSpec:
			s.comments[d.Names[0].Name] = oneLine(d.Doc, group.Doc)
		}
	}
}

// oneLine is the first comment that is there, without line breaks.
func oneLine(comments ...*ast.CommentGroup) string {
	for _, c := range comments {
		if c != nil {
			return strings.Join(strings.Fields(c.Text()), " ")
		}
	}
	return ""
}
