/// Home of methods on `bool`; there are none yet.
#[defines_primitive(bool)]
module std::bool;
