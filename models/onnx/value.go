package onnx

func (p *parser) value(f field) (Value, error) { // ValueInfoProto
	v := Value{}
	fs, err := p.cut(f.body, "value info")
	if err != nil {
		return v, err
	}
	for _, f := range fs {
		switch f.num {
		case 1:
			v.Name, err = p.str(f, "value name")
		case 2:
			err = p.valueType(&v, f.body)
		}
		if err != nil {
			return v, err
		}
	}
	return v, nil
}

// valueType reads TypeProto; only tensors are described.
func (p *parser) valueType(v *Value, b []byte) error {
	fs, err := p.cut(b, "type")
	if err != nil {
		return err
	}
	for _, f := range fs {
		if f.num != 1 { // tensor_type
			continue
		}
		ts, err := p.cut(f.body, "tensor type")
		if err != nil {
			return err
		}
		for _, t := range ts {
			switch t.num {
			case 1:
				v.Type = DataType(int32(t.num64))
			case 2:
				if v.Dims, err = p.shape(t.body); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *parser) shape(b []byte) ([]int64, error) { // TensorShapeProto
	fs, err := p.cut(b, "shape")
	if err != nil {
		return nil, err
	}
	dims := []int64{}
	for _, f := range fs {
		if f.num != 1 {
			continue
		}
		if len(dims) == MaxRank {
			return nil, p.bad("a shape has more than %d dimensions", MaxRank)
		}
		ds, err := p.cut(f.body, "dimension")
		if err != nil {
			return nil, err
		}
		d := int64(-1)
		for _, x := range ds {
			if x.num == 1 && x.num64 <= MaxFile {
				d = int64(x.num64)
			}
		}
		dims = append(dims, d)
	}
	return dims, nil
}
