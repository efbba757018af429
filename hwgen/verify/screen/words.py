"""Lists of words: what a candidate may be made of, and the keywords of SystemVerilog.

The lists of constructs are allow-lists in the parser's names for them; what they do not name is
refused.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STRUCTURE = _words(
    """
    CompilationUnit ModuleDeclaration ModuleHeader PackageDeclaration PackageHeader
    PackageImportDeclaration PackageImportItem ParameterPortList ParameterDeclaration
    ParameterDeclarationStatement TypeParameterDeclaration TypeAssignment EqualsTypeClause
    AnsiPortList ImplicitAnsiPort NonAnsiPortList ImplicitNonAnsiPort PortReference
    PortDeclaration VariablePortHeader NetPortHeader NamedBlockClause EmptyMember NetDeclaration
    DataDeclaration Declarator EqualsValueClause GenvarDeclaration TypedefDeclaration ImplicitType
    LogicType RegType BitType ByteType ShortIntType IntType LongIntType IntegerType EnumType
    StructType UnionType StructUnionMember NamedType VariableDimension RangeDimensionSpecifier
    VoidType ContinuousAssign AlwaysBlock AlwaysCombBlock AlwaysFFBlock AlwaysLatchBlock
    InitialBlock GenerateRegion LoopGenerate IfGenerate CaseGenerate GenerateBlock ElseClause
    StandardCaseItem DefaultCaseItem FunctionDeclaration TaskDeclaration FunctionPrototype
    FunctionPortList FunctionPort HierarchyInstantiation HierarchicalInstance InstanceName
    ParameterValueAssignment NamedParamAssignment OrderedParamAssignment NamedPortConnection
    OrderedPortConnection EmptyPortConnection WildcardPortConnection PrimitiveInstantiation
    DefParam DefParamAssignment
    """
)
STATEMENTS = _words(
    """
    SequentialBlockStatement ExpressionStatement ConditionalStatement CaseStatement
    ConditionalPredicate ConditionalPattern ForLoopStatement ForVariableDeclaration LoopStatement
    ForeachLoopStatement ForeachLoopList DoWhileStatement JumpStatement ReturnStatement
    EmptyStatement DisableStatement TimingControlStatement VoidCastedCallStatement NamedLabel
    EventControl EventControlWithExpression ImplicitEventControl ParenthesizedEventExpression
    BinaryEventExpression SignalEventExpression
    """
)
EXPRESSIONS = _words(
    """
    IdentifierName IdentifierSelectName ScopedName ElementSelect BitSelect SimpleRangeSelect
    AscendingRangeSelect DescendingRangeSelect ElementSelectExpression IntegerLiteralExpression
    IntegerVectorExpression UnbasedUnsizedLiteralExpression StringLiteralExpression
    ParenthesizedExpression ConditionalExpression ConcatenationExpression
    MultipleConcatenationExpression StreamingConcatenationExpression StreamExpression
    StreamExpressionWithRange CastExpression SignedCastExpression AssignmentPatternExpression
    SimpleAssignmentPattern StructuredAssignmentPattern ReplicatedAssignmentPattern
    AssignmentPatternItem DefaultPatternKeyExpression InsideExpression RangeList
    ValueRangeExpression InvocationExpression ArgumentList OrderedArgument NamedArgument
    EmptyArgument SystemName SimplePropertyExpr SimpleSequenceExpr UnaryPlusExpression
    UnaryMinusExpression UnaryLogicalNotExpression UnaryBitwiseNotExpression
    UnaryBitwiseAndExpression UnaryBitwiseOrExpression UnaryBitwiseXorExpression
    UnaryBitwiseNandExpression UnaryBitwiseNorExpression UnaryBitwiseXnorExpression
    UnaryPreincrementExpression UnaryPredecrementExpression PostincrementExpression
    PostdecrementExpression AddExpression SubtractExpression MultiplyExpression DivideExpression
    ModExpression PowerExpression LogicalShiftLeftExpression LogicalShiftRightExpression
    ArithmeticShiftLeftExpression ArithmeticShiftRightExpression BinaryAndExpression
    BinaryOrExpression BinaryXorExpression BinaryXnorExpression LogicalAndExpression
    LogicalOrExpression EqualityExpression InequalityExpression CaseEqualityExpression
    CaseInequalityExpression WildcardEqualityExpression WildcardInequalityExpression
    LessThanExpression LessThanEqualExpression GreaterThanExpression GreaterThanEqualExpression
    LogicalImplicationExpression LogicalEquivalenceExpression
    """
)
ASSIGNMENTS = _words(
    """
    AssignmentExpression NonblockingAssignmentExpression AddAssignmentExpression
    SubtractAssignmentExpression MultiplyAssignmentExpression DivideAssignmentExpression
    ModAssignmentExpression AndAssignmentExpression OrAssignmentExpression XorAssignmentExpression
    LogicalLeftShiftAssignmentExpression LogicalRightShiftAssignmentExpression
    ArithmeticLeftShiftAssignmentExpression ArithmeticRightShiftAssignmentExpression
    """
)
STEPS = _words(
    """
    PostincrementExpression PostdecrementExpression UnaryPreincrementExpression
    UnaryPredecrementExpression
    """
)
ALLOWED = STRUCTURE | STATEMENTS | EXPRESSIONS | ASSIGNMENTS
TRUSTED = ALLOWED | _words(
    """
    RealLiteralExpression RealType TimeType StringType DelayControl TimingControlExpression
    ForeverStatement WaitStatement TimeLiteralExpression
    """
)
TOP = _words(
    """
    ModuleDeclaration PackageDeclaration PackageImportDeclaration TypedefDeclaration EmptyMember
    ParameterDeclarationStatement FunctionDeclaration TaskDeclaration
    """
)
NETS = _words("wire tri wand wor uwire supply0 supply1")
PORT_NETS = _words("wire tri uwire")
GATES = _words("and or nand nor xor xnor not buf bufif0 bufif1 notif0 notif1")

SYSTEM = _words("$signed $unsigned $clog2 $bits")
TRUSTED_SYSTEM = SYSTEM | _words(
    """
    $readmemh $writememh $display $write $finish $stop $time $value$plusargs $test$plusargs
    """
)

BARE = _words(
    """
    `resetall `celldefine `endcelldefine `nounconnected_drive `undefineall
    """
)
DIRECTIVES = BARE | _words(
    """
    `define `undef `ifdef `ifndef `elsif `else `endif `timescale `default_nettype `include `line
    `pragma `begin_keywords `end_keywords `unconnected_drive `protect `protected `endprotect
    `endprotected `__FILE__ `__LINE__ `default_decay_time `default_trireg_strength
    `delay_mode_path `delay_mode_distributed `delay_mode_unit `delay_mode_zero
    """
)

KEYWORDS = _words(
    """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable
    endtask enum event eventually expect export extends extern final first_match for force foreach
    forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins
    illegal_bins implements implies import incdir include initial inout input inside instance int
    integer interconnect interface intersect join join_any join_none large let liblist library
    local localparam logic longint macromodule matches medium modport module nand negedge nettype
    new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed
    parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown
    pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real
    realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1
    s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
    showcancelled signed small soft solve specify specparam static string strong strong0 strong1
    struct super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout
    time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type
    typedef union unique unique0 unsigned until until_with untyped use uwire var vectored virtual
    void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor
    """
)
