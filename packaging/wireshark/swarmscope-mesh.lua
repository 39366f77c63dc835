-- Wireshark and tshark dissector of the reference mesh-pull system's frames, over UDP.
-- Wire form: doc/protocols/mesh.md. Copy it to ~/.local/lib/wireshark/plugins, or:
--
--   tshark -X lua_script:swarmscope-mesh.lua -r swarm.pcap -Y swmesh
--
-- SPDX-License-Identifier: Apache-2.0

local mesh = Proto("swmesh", "Swarmscope mesh")

local TYPES = {
  [1] = "HELLO", [2] = "BUFFER_MAP", [3] = "SUBSTREAM_MAP", [4] = "MAP_REQUEST",
  [5] = "CHUNK_REQUEST", [6] = "CHUNK", [7] = "CANCEL", [8] = "SUBSCRIBE", [9] = "UNSUBSCRIBE",
  [10] = "GOSSIP", [11] = "PARTNER_OFFER", [12] = "PARTNER_ACCEPT", [13] = "PARTNER_REFUSE",
  [14] = "PING", [15] = "GOODBYE",
}
local CANCELS = { [0] = "withdrawn", [1] = "not held", [2] = "busy" }
local REFUSALS = { [0] = "full", [1] = "unwanted" }
local GOODBYES = { [0] = "leaves", [1] = "switches", [2] = "reboots", [3] = "ends the partnership" }
local MAGIC, HEAD, CONTACT, SIGNATURE = 0xe753574d, 24, 29, 64

local f = {
  version = ProtoField.uint8("swmesh.version", "Version"),
  type = ProtoField.uint8("swmesh.type", "Type", base.DEC, TYPES),
  len = ProtoField.uint16("swmesh.len", "Length of the body"),
  channel = ProtoField.bytes("swmesh.channel", "Channel"),
  sender = ProtoField.bytes("swmesh.sender", "Sender"),
  flags = ProtoField.uint32("swmesh.hello.flags", "Flags", base.HEX),
  duration = ProtoField.uint32("swmesh.hello.chunk_us", "Duration of a chunk, µs"),
  bitrate = ProtoField.uint32("swmesh.hello.bitrate", "Bit rate, kbit/s"),
  head = ProtoField.uint64("swmesh.hello.head", "Newest chunk known"),
  key = ProtoField.bytes("swmesh.hello.key", "Public key"),
  ticket = ProtoField.bytes("swmesh.hello.ticket", "Ticket"),
  play = ProtoField.uint64("swmesh.map.play", "Play position"),
  upload = ProtoField.uint32("swmesh.map.upload", "Upload offered, kbit/s"),
  window = ProtoField.uint16("swmesh.map.window", "Window, chunks"),
  busy = ProtoField.uint16("swmesh.map.busy", "Busy, ms"),
  offset = ProtoField.uint64("swmesh.set.offset", "Offset"),
  width = ProtoField.uint16("swmesh.set.width", "Width"),
  bits = ProtoField.bytes("swmesh.set.bits", "Bits"),
  held = ProtoField.uint32("swmesh.set.held", "Chunks in the set"),
  deadline = ProtoField.uint16("swmesh.request.deadline", "Deadline, ms"),
  chunk = ProtoField.uint64("swmesh.chunk", "Chunk"),
  source = ProtoField.absolute_time("swmesh.chunk.source", "Source time", base.UTC),
  hops = ProtoField.uint16("swmesh.chunk.hops", "Hops"),
  fragment = ProtoField.uint16("swmesh.chunk.fragment", "Fragment"),
  fragments = ProtoField.uint16("swmesh.chunk.fragments", "Fragments"),
  total = ProtoField.uint32("swmesh.chunk.total", "Bytes of media in all"),
  signature = ProtoField.bytes("swmesh.chunk.signature", "Signature"),
  media = ProtoField.bytes("swmesh.chunk.media", "Media"),
  cancel = ProtoField.uint8("swmesh.cancel.reason", "Reason", base.DEC, CANCELS),
  refusal = ProtoField.uint8("swmesh.refuse.reason", "Reason", base.DEC, REFUSALS),
  goodbye = ProtoField.uint8("swmesh.goodbye.reason", "Reason", base.DEC, GOODBYES),
  substream = ProtoField.uint8("swmesh.substream", "Sub-stream"),
  substreams = ProtoField.uint8("swmesh.substreams", "Sub-streams"),
  from = ProtoField.uint64("swmesh.subscribe.from", "First chunk"),
  split = ProtoField.uint8("swmesh.offer.split", "Take me in even if full"),
  partners = ProtoField.uint8("swmesh.partners", "Partners"),
  answer = ProtoField.uint8("swmesh.ping.answer", "Answers"),
  nonce = ProtoField.bytes("swmesh.ping.nonce", "Nonce"),
  contact = ProtoField.bytes("swmesh.contact", "Contact"),
}
mesh.fields = f
local bad = ProtoExpert.new("swmesh.bad", "The frame breaks the protocol", expert.group.MALFORMED, expert.severity.ERROR)
mesh.experts = { bad }

-- Each reader takes the body and where to begin, and answers where it ended, nil: broken.

local function set(tree, body, at)
  if body:len() < at + 10 then return nil end
  local width = body(at + 8, 2):uint()
  local n = math.floor((width + 7) / 8)
  if width > 16384 or body:len() < at + 10 + n then return nil end
  tree:add(f.offset, body(at, 8))
  tree:add(f.width, body(at + 8, 2))
  local held = 0
  if n > 0 then
    local bytes = body(at + 10, n):bytes()
    for i = 0, n - 1 do
      local b = bytes:get_index(i)
      while b > 0 do
        held = held + b % 2
        b = math.floor(b / 2)
      end
    end
    tree:add(f.bits, body(at + 10, n))
  end
  tree:add(f.held, held):set_generated()
  return at + 10 + n
end

local function contacts(tree, body, at)
  if body:len() < at + 1 then return nil end
  local n = body(at, 1):uint()
  at = at + 1
  if n > 32 or body:len() < at + n * CONTACT then return nil end
  for _ = 1, n do
    local address = body(at, 16)
    local text = tostring(address:ipv6())
    if address(0, 12):bytes():tohex() == "00000000000000000000FFFF" then
      text = tostring(address(12, 4):ipv4())
    end
    tree:add(f.contact, body(at, CONTACT)):append_text(string.format(" (%s port %d, %d partners)",
      text, body(at + 16, 2):uint(), body(at + 28, 1):uint()))
    at = at + CONTACT
  end
  return at
end

local function hello(tree, body)
  if body:len() < 54 then return nil end
  local ticket = body(52, 2):uint()
  if ticket > 256 or body:len() < 54 + ticket then return nil end
  tree:add(f.flags, body(0, 4))
  tree:add(f.duration, body(4, 4))
  tree:add(f.bitrate, body(8, 4))
  tree:add(f.head, body(12, 8))
  tree:add(f.key, body(20, 32))
  if ticket > 0 then tree:add(f.ticket, body(54, ticket)) end
  return 54 + ticket
end

local function buffer_map(tree, body)
  if body:len() < 16 then return nil end
  local play = tree:add(f.play, body(0, 8))
  if body(0, 8):bytes():tohex() == "FFFFFFFFFFFFFFFF" then play:append_text(" (nothing is played)") end
  tree:add(f.upload, body(8, 4))
  tree:add(f.window, body(12, 2))
  tree:add(f.busy, body(14, 2))
  return set(tree, body, 16)
end

local function substream_map(tree, body)
  if body:len() < 1 then return nil end
  local k = body(0, 1):uint()
  local n = 1 + k * 8 + math.floor((k + 7) / 8)
  if k < 1 or k > 64 or body:len() < n then return nil end
  tree:add(f.substreams, body(0, 1))
  return n
end

-- A capture may have cut the media: the length in the head tells how much there was.
local function chunk(tree, body, len)
  if body:len() < 90 then return nil end
  tree:add(f.chunk, body(0, 8))
  local ns = body(8, 8):uint64()
  tree:add(f.source, body(8, 8), NSTime.new((ns / 1000000000):tonumber(), (ns % 1000000000):tonumber()))
  tree:add(f.hops, body(16, 2))
  tree:add(f.fragment, body(18, 2))
  tree:add(f.fragments, body(20, 2))
  tree:add(f.total, body(22, 4))
  tree:add(f.signature, body(26, SIGNATURE))
  if body:len() > 90 then tree:add(f.media, body(90)) end
  return len
end

local function fixed(n, read)
  return function(tree, body)
    if body:len() < n then return nil end
    return read(tree, body) or n
  end
end

local BODIES = {
  [1] = hello, [2] = buffer_map, [3] = substream_map,
  [4] = function() return 0 end,
  [5] = fixed(2, function(tree, body)
    tree:add(f.deadline, body(0, 2))
    return set(tree, body, 2)
  end),
  [6] = chunk,
  [7] = fixed(1, function(tree, body)
    tree:add(f.cancel, body(0, 1))
    return set(tree, body, 1)
  end),
  [8] = fixed(10, function(tree, body)
    tree:add(f.substream, body(0, 1))
    tree:add(f.substreams, body(1, 1))
    tree:add(f.from, body(2, 8))
  end),
  [10] = function(tree, body) return contacts(tree, body, 0) end,
  [11] = fixed(2, function(tree, body)
    tree:add(f.split, body(0, 1))
    tree:add(f.partners, body(1, 1))
  end),
  [12] = fixed(1, function(tree, body)
    tree:add(f.partners, body(0, 1))
    return contacts(tree, body, 1)
  end),
  [13] = fixed(1, function(tree, body)
    tree:add(f.refusal, body(0, 1))
    return contacts(tree, body, 1)
  end),
  [14] = fixed(9, function(tree, body)
    tree:add(f.answer, body(0, 1))
    tree:add(f.nonce, body(1, 8))
  end),
  [15] = fixed(1, function(tree, body)
    tree:add(f.goodbye, body(0, 1))
    return contacts(tree, body, 1)
  end),
}
BODIES[9] = BODIES[8]

local function is_mesh(buffer)
  return buffer:len() >= HEAD and buffer(0, 4):uint() == MAGIC and buffer(4, 1):uint() == 1 and
    TYPES[buffer(5, 1):uint()] ~= nil
end

function mesh.dissector(buffer, pinfo, tree)
  if not is_mesh(buffer) then return 0 end
  local kind, len = buffer(5, 1):uint(), buffer(6, 2):uint()
  local top = tree:add(mesh, buffer(), "Swarmscope mesh, " .. TYPES[kind])
  pinfo.cols.protocol = "SWMESH"
  pinfo.cols.info = TYPES[kind]
  top:add(f.version, buffer(4, 1))
  top:add(f.type, buffer(5, 1))
  top:add(f.len, buffer(6, 2))
  top:add(f.channel, buffer(8, 8))
  top:add(f.sender, buffer(16, 8))
  local body = buffer:len() > HEAD and buffer(HEAD):tvb() or ByteArray.new(""):tvb("empty")
  local cut = buffer:reported_len() > buffer:len()
  local ended = BODIES[kind](top, body, len)
  if not cut and (ended ~= len or buffer:reported_len() ~= HEAD + len) then
    top:add_proto_expert_info(bad)
  end
  return buffer:len()
end

mesh:register_heuristic("udp", function(buffer, pinfo, tree)
  return mesh.dissector(buffer, pinfo, tree) > 0
end)

-- Over TCP frames follow one another; the head tells the length.
local stream = Proto("swmeshtcp", "Swarmscope mesh over TCP")

function stream.dissector(buffer, pinfo, tree)
  dissect_tcp_pdus(buffer, tree, 8, function(part, _, offset)
    return HEAD + part(offset + 6, 2):uint()
  end, function(part, info, top)
    return mesh.dissector(part, info, top)
  end)
  return buffer:len()
end

stream:register_heuristic("tcp", function(buffer, pinfo, tree)
  if not is_mesh(buffer) then return false end
  pinfo.conversation = stream
  stream.dissector(buffer, pinfo, tree)
  return true
end)

-- The system's own default ports, which are AFS's too; others are found by the magic.
for _, port in ipairs({ 6900, 7000 }) do
  DissectorTable.get("udp.port"):add(port, mesh)
end
for _, port in ipairs({ 7000, 7001 }) do
  DissectorTable.get("tcp.port"):add(port, stream)
end
