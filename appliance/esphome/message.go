package esphome

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"orac/appliance/esphome/pb"
)

// kinds are the messages of the protocol, by their number.
var kinds = sync.OnceValue(func() map[uint32]protoreflect.MessageType {
	list := map[uint32]protoreflect.MessageType{}
	all := pb.File_esphome_proto.Messages()
	for i := range all.Len() {
		m, err := protoregistry.GlobalTypes.FindMessageByName(all.Get(i).FullName())
		if err != nil {
			panic("BUG: " + err.Error())
		}
		if id := numberOf(all.Get(i)); id != 0 { // the others are parts of messages
			list[id] = m
		}
	}
	return list
})

// numberOf is the number of a message on the wire; 0 if it is only a part of others.
func numberOf(m protoreflect.MessageDescriptor) uint32 {
	return proto.GetExtension(m.Options(), pb.E_Id).(uint32)
}

// senderOf is who sends a message.
func senderOf(m protoreflect.MessageDescriptor) pb.From {
	return proto.GetExtension(m.Options(), pb.E_From).(pb.From)
}

// BadMessage is a message that cannot be read. The connection can be read on.
type BadMessage struct {
	Number uint32
	Why    error
}

// Error implements error.
func (b *BadMessage) Error() string {
	return fmt.Sprintf("a message of type %d cannot be read: %v", b.Number, b.Why)
}

// Unwrap returns what is wrong.
func (b *BadMessage) Unwrap() error { return b.Why }

// decode reads a message of one side. It returns nil for one that the side does not send, or that ORAC does not know.
func decode(number uint32, payload []byte, from pb.From) (proto.Message, error) {
	kind, known := kinds()[number]
	if !known {
		return nil, nil
	}
	if s := senderOf(kind.Descriptor()); s != pb.From_BOTH && s != from {
		return nil, nil
	}
	m := kind.New().Interface()
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(payload, m); err != nil {
		return nil, &BadMessage{number, err}
	}
	return m, nil
}
