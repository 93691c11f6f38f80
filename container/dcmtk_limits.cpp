// Bounds what DCMTK, and so Orthanc, reads: how deep sequences are nested, and how long a value may
// claim to be. Preloaded by start_orthanc.sh, it stands before two of the library's functions,
// since DCMTK 3.6.9 knows no such limits:
//
// - It recurses into each level of sequences, and takes quadratic time to write what it has read:
//   6,000 levels kill Orthanc or keep a thread busy for half a minute, 100,000 for hours. Real data
//   is nested 10 to 20 deep.
// - It takes the memory that an element claims to need before a byte of it has come: 740 bytes that
//   are sent become 4 GB of memory.
//
// What goes beyond is an error of reading: a C-STORE is ended, a POST is answered 400.
//
// The threads of Orthanc's HTTP server have stacks of 100 kB, on which Orthanc dies of some dozen
// levels: they get those of other threads.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcerror.h>
#include <dcmtk/dcmdata/dcsequen.h>

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>

namespace {

constexpr unsigned deepest = 64;
constexpr size_t stack_bytes = size_t{8} << 20;
constexpr Uint32 largest_bytes = Uint32{1} << 31;

makeOFConditionConst(EC_TooDeep, OFM_dcmdata, 998, OF_error,
                     "Sequences are nested more than 64 deep");
makeOFConditionConst(EC_TooLarge, OFM_dcmdata, 999, OF_error,
                     "An element claims more than 2 GB");

using ReadSequence = OFCondition (*)(DcmSequenceOfItems *, DcmInputStream &, E_TransferSyntax,
                                     E_GrpLenEncoding, Uint32);
using LoadValue = OFCondition (*)(DcmElement *, DcmInputStream *);
using SetStackSize = int (*)(pthread_attr_t *, size_t);

// A library of another shape stops Orthanc at its start, and so the image's test.
template <typename Function> Function of_the_library(const char *symbol)
{
    void *const found = dlsym(RTLD_NEXT, symbol);
    if (found == nullptr) {
        std::fprintf(stderr, "There is no %s that could be bounded\n", symbol);
        std::exit(1);
    }
    return reinterpret_cast<Function>(found);
}

const auto read_sequence = of_the_library<ReadSequence>(
    "_ZN18DcmSequenceOfItems4readER14DcmInputStream16E_TransferSyntax16E_GrpLenEncodingj");
const auto load_value =
    of_the_library<LoadValue>("_ZN10DcmElement9loadValueEP14DcmInputStream");

const auto set_stack_size = of_the_library<SetStackSize>("pthread_attr_setstacksize");

thread_local unsigned depth = 0;

// Counts back too where reading ends in an exception.
struct Deeper {
    Deeper() { ++depth; }
    ~Deeper() { --depth; }
};

} // namespace

OFCondition DcmSequenceOfItems::read(DcmInputStream &in, const E_TransferSyntax syntax,
                                     const E_GrpLenEncoding lengths, const Uint32 most_bytes)
{
    if (depth == deepest) {
        errorFlag = EC_TooDeep;
        return EC_TooDeep;
    }
    const Deeper deeper;
    return read_sequence(this, in, syntax, lengths, most_bytes);
}

OFCondition DcmElement::loadValue(DcmInputStream *in)
{
    if (getLengthField() > largest_bytes) {
        errorFlag = EC_TooLarge;
        return EC_TooLarge;
    }
    return load_value(this, in);
}

extern "C" int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    return set_stack_size(attributes, size < stack_bytes ? stack_bytes : size);
}
